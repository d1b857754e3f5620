"""Runs a job in this process, the same one the Dagster UI runs, and says what became of it.

Keep out: printing (the command line does that) and choosing what a job holds (`jobs.py`).
"""

import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import IO

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.execution_result import ExecutionResult

from citybase.errors import WarehouseError
from citybase.masking import mask_numbers
from citybase.settings import Settings
from orchestration.dead_runs import bury_dead_runs, process_tag
from orchestration.definitions import build_definitions
from orchestration.instance import open_instance
from orchestration.jobs import all_jobs

_POLL_SECONDS = 0.3


@dataclass(frozen=True)
class StepOutcome:
    """One finished op of a run."""

    name: str
    succeeded: bool
    seconds: float


@dataclass(frozen=True)
class FailedCheck:
    """An asset check that did not pass. ``is_error`` distinguishes a failure from a warning."""

    asset: str
    name: str
    is_error: bool
    remark: str


@dataclass(frozen=True)
class RunOutcome:
    """What became of a run: its checks counted, the failures named, wall seconds."""

    run_id: str
    succeeded: bool
    checks_passed: int
    not_passed: tuple[FailedCheck, ...]
    errors: tuple[str, ...]
    seconds: float

    @property
    def checks_warned(self) -> int:
        """Checks that did not pass and block nothing."""
        return sum(1 for check in self.not_passed if not check.is_error)

    @property
    def checks_failed(self) -> int:
        """Checks that did not pass and block what is built on them."""
        return sum(1 for check in self.not_passed if check.is_error)


def run_job(
    settings: Settings,
    job_name: str = "full_build",
    *,
    is_full_refresh: bool = False,
    on_step: Callable[[StepOutcome], None] | None = None,
) -> RunOutcome:
    """Run a job of the code location to its end.

    ``on_step`` is told each finished op as it ends. What dbt and other children print goes to a
    file of the run under DAGSTER_HOME, not to the terminal.

    Raises:
        KeyboardInterrupt: the run was interrupted; Dagster knows it as failed.
        WarehouseError: there is no such job, or nothing is bound that it could build on.
    """
    started = time.monotonic()
    run_id = str(uuid.uuid4())
    _check_job(settings, job_name)
    with open_instance(settings) as instance:
        bury_dead_runs(instance)
        job = build_definitions(settings=settings).resolve_job_def(job_name)
        log = settings.dagster_home / "output" / f"{run_id}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with (
            log.open("w", encoding="utf-8") as output,
            redirect_stdout(output),
            _children_told_to(output),
            _watched(instance, run_id, on_step),
        ):
            try:
                result = job.execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    tags=process_tag(),
                    raise_on_error=False,
                    run_config={
                        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                        "ops": {"dbt_build": {"config": {"full_refresh": is_full_refresh}}},
                    },
                )
            except DagsterExecutionInterruptedError:
                raise KeyboardInterrupt from None
    if _is_interrupted(result):
        raise KeyboardInterrupt
    return _outcome(run_id, result, time.monotonic() - started)


def _check_job(settings: Settings, job_name: str) -> None:
    names = [job.name for job in all_jobs()]
    if job_name not in names:
        raise WarehouseError(
            f"There is no job called {job_name!r}.", remedy=f"Write one of: {', '.join(names)}."
        )
    if job_name != names[0] and not settings.warehouse.exists():
        raise WarehouseError(
            f"{job_name} builds on a bound cut, and {settings.warehouse} does not exist.",
            remedy="Run `citybase build` first: it extracts, binds and builds everything.",
        )


def _is_interrupted(result: ExecutionResult) -> bool:
    """Whether a step ended because somebody pressed Ctrl-C: Dagster takes that for a failure."""
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        while error is not None:
            if error.cls_name in (DagsterExecutionInterruptedError.__name__, "KeyboardInterrupt"):
                return True
            error = error.cause
    return False


def _outcome(run_id: str, result: ExecutionResult, seconds: float) -> RunOutcome:
    passed = 0
    not_passed = []
    for evaluation in result.get_asset_check_evaluations():
        if evaluation.passed:
            passed += 1
            continue
        metadata = {key: value.value for key, value in evaluation.metadata.items()}
        not_passed.append(
            FailedCheck(
                asset=evaluation.asset_key.to_user_string(),
                name=evaluation.check_name,
                is_error=evaluation.severity is dg.AssetCheckSeverity.ERROR,
                remark=_remark(metadata),
            )
        )
    return RunOutcome(
        run_id=run_id,
        succeeded=result.success,
        checks_passed=passed,
        not_passed=tuple(not_passed),
        errors=tuple(_errors(result)),
        seconds=seconds,
    )


def _remark(metadata: Mapping[str, object]) -> str:
    if "error" in metadata:
        return mask_numbers(str(metadata["error"]))
    if "remark" in metadata:
        return f"{metadata['remark']}. {metadata.get('remedy', '')}".strip()
    rows = metadata.get("dagster_dbt/failed_row_count")
    return f"{rows} rows" if rows is not None else ""


def _errors(result: ExecutionResult) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            while error is not None and error.cause is not None:
                error = error.cause
            told = error.message.strip() if error else event.message
            # A message of the database repeats the value it could not convert.
            yield f"{event.step_key}: {mask_numbers(str(told))}"


@contextmanager
def _children_told_to(output: IO[str]) -> Iterator[None]:
    """What child processes write to stderr goes to ``output``; this process keeps its own.

    A Ctrl-C reaches Dagster's small helpers too, and they answer with a traceback each.
    """
    sys.stderr.flush()
    with os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8") as own:
        os.dup2(output.fileno(), 2)
        try:
            with redirect_stderr(own):
                yield
        finally:
            own.flush()
            os.dup2(own.fileno(), 2)


@contextmanager
def _watched(
    instance: dg.DagsterInstance, run_id: str, on_step: Callable[[StepOutcome], None] | None
) -> Iterator[None]:
    """Tell ``on_step`` of each finished op while the run goes on in this process."""
    if on_step is None:
        yield
        return
    done = threading.Event()
    told: set[str] = set()

    def tell() -> None:
        for stats in instance.event_log_storage.get_step_stats_for_run(run_id):
            if stats.end_time is None or stats.start_time is None or stats.step_key in told:
                continue
            told.add(stats.step_key)
            succeeded = stats.status is not None and stats.status.value == "SUCCESS"
            on_step(StepOutcome(stats.step_key, succeeded, stats.end_time - stats.start_time))

    def watch() -> None:
        while not done.wait(_POLL_SECONDS):
            tell()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        tell()
