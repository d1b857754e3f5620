"""How right the libraries are at a size where rare damage occurs, and what that costs.

`python benchmarks/libraries.py --json` makes a synthetic city in a home of its own, runs the full
build over it, compares what is published with the truth and prints one object. Of a million people
fifty share a number: the demonstration's 11,000 hardly have one pair, 550,000 have fourteen. Add a
figure when a rare kind of damage gets a goal. Keep out: what counts as right (`citybase/score/`).
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from citybase.errors import WarehouseError
from citybase.private import make_private
from citybase.score import Score, Verdict, score_published
from citybase.settings import HOME_VARIABLE, Settings
from sources.simulator import CityPlan, city_status, create_city, stop_city

SCALE = 0.05
Result = TypeVar("Result")


@dataclass(frozen=True)
class Spent:
    """What a step took: CPU and wall seconds, and in MB its process at its highest plus the largest
    of its children, an upper bound of what it held at once. Servers of the city are not in it.
    """

    cpu_s: float
    seconds: float
    rss_mb: int

    def as_json(self) -> dict[str, float]:
        """The three figures, rounded."""
        return {
            "cpu_s": round(self.cpu_s, 1),
            "seconds": round(self.seconds, 1),
            "rss_mb": self.rss_mb,
        }


def spend(step: Callable[..., Result], *arguments: object) -> tuple[Result, Spent]:
    """Run a step in a process of its own and wait for it; an error of the step is raised here.

    ``step`` is a function of a module, and what it returns can be pickled.
    """
    context = get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_print_aside) as pool:
        return pool.submit(_counted, step, arguments).result()


def _print_aside() -> None:
    """Whatever a step prints goes to the error stream: a started process looks interactive to
    DuckDB, which then draws bars of progress among the results.
    """
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _counted(step: Callable[..., Result], arguments: tuple[object, ...]) -> tuple[Result, Spent]:
    begun = time.monotonic()
    result = step(*arguments)
    seconds = time.monotonic() - begun
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return result, Spent(
        cpu_s=sum(one.ru_utime + one.ru_stime for one in used),
        seconds=seconds,
        rss_mb=round(sum(one.ru_maxrss for one in used) / 1024),
    )


def make_city(settings: Settings, plan: CityPlan) -> tuple[int, int]:
    """The city of a plan, with its servers running. Residents and source rows."""
    report = create_city(settings, plan)
    return report.residents, report.source_rows


def build(settings: Settings) -> dict[str, int]:
    """Extract, bind, build, check, publish. How many checks passed, warned and failed.

    Raises:
        WarehouseError: the build failed; the message names the checks and the errors.
    """
    # Dagster takes two seconds to import, and the other steps do not need it.
    from orchestration.run import run_job  # noqa: PLC0415

    os.environ[HOME_VARIABLE] = str(settings.home)
    outcome = run_job(settings)
    if not outcome.succeeded:
        failed = [f"{check.asset} {check.name}" for check in outcome.not_passed if check.is_error]
        raise WarehouseError(
            f"The build failed: {'; '.join([*outcome.errors, *failed][:5])}",
            remedy=f"Look into {settings.dagster_home / 'output'}; keep the home with --home.",
        )
    return {
        "passed": outcome.checks_passed,
        "warned": outcome.checks_warned,
        "failed": outcome.checks_failed,
    }


def hard_cases(score: dict[str, Any]) -> dict[str, Any]:
    """The figures that mean little in a small city, from ``Score.as_json()``.

    ``false_split`` is the share of people with a second key, ``wrong_number_kept_out`` the share of
    records bearing another person's valid number that did not become that person's.
    """
    shared = score["defects"]["population"]["number_shared"]
    return {
        "number_shared": {
            key: shared[key] for key in ("injected", "caught", "missed", "false", "goal", "met")
        },
        "false_split": round(1 - score["population"]["one_key"]["share"], 6),
        "one_person_one_key": score["population"]["person_key"]["share"],
        "wrong_number_kept_out": score["defects"]["population"]["number_of_another"]["share"],
    }


def under_goal(score: Score, verdict: Verdict) -> list[str]:
    """Figures, kinds of damage and their alarms with that verdict, as ``library.figure`` or
    ``library.damage``, each with examples.
    """
    return [
        f"{one.name}: {one.share:.4%} of {one.total:,}, asked {one.goal:.1%};"
        f" {'; '.join(one.examples)}"
        for one in score.under_goal
        if one.verdict is verdict
    ]


def measure(settings: Settings, plan: CityPlan) -> dict[str, Any]:
    """Make, build, compare. A city of the plan that stands in the home already is taken."""
    make_private(settings)
    (residents, rows), city = spend(make_city, settings, plan)
    checks, building = spend(build, settings)
    found, comparing = spend(score_published, settings)
    score = found.as_json()
    return {
        "scale": plan.scale,
        "seed": plan.seed,
        "residents": residents,
        "rows": rows,
        "cpu_s": round(building.cpu_s, 1),
        "rss_mb": building.rss_mb,
        "rows_per_cpu_s": round(rows / building.cpu_s),
        "steps": {
            "city": city.as_json(),
            "build": building.as_json(),
            "score": comparing.as_json(),
        },
        "checks": checks,
        **hard_cases(score),
        "missed": under_goal(found, Verdict.MISSED),
        "undecided": under_goal(found, Verdict.UNDECIDED),
        "score": score,
    }


@contextmanager
def home_of(kept: Path | None) -> Iterator[Settings]:
    """The installation to measure in: one to keep, or one that is gone afterwards. The city's
    server is stopped either way.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder:
        settings = Settings(home=kept.resolve() if kept else Path(folder) / "home")
        settings.home.mkdir(parents=True, exist_ok=True)
        try:
            yield settings
        finally:
            if city_status(settings).server_pid is not None:
                stop_city(settings)


def main() -> None:
    """Measure, print, and fail when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=SCALE, help="1 is eleven million residents")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="keep everything in this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with home_of(options.home) as settings:
        found = measure(settings, CityPlan(seed=options.seed, scale=options.scale))
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        shared = found["number_shared"]
        print(
            f"{found['residents']:,} residents, {found['rows']:,} rows:"
            f" {found['cpu_s']:,} CPU-s, {found['rss_mb']:,} MB\n"
            f"重号 told apart: {shared['caught']} of {shared['injected']},"
            f" false {shared['false']}\n"
            f"false splits: {found['false_split']:.4%}\n"
            f"错号 kept out: {found['wrong_number_kept_out']:.4%}"
        )
        for verdict in ("missed", "undecided"):
            for name in found[verdict]:
                print(f"{verdict}: {name}")
    sys.exit(1 if found["missed"] else 0)


if __name__ == "__main__":
    main()
