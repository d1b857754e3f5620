"""A run whose process was killed keeps nobody waiting."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.dead_runs import PROCESS_TAG, bury_dead_runs, process_tag

pytestmark = pytest.mark.unit

POOL = "warehouse"
STUCK = """
import os, signal, sys
import dagster as dg
from orchestration.dead_runs import process_tag

@dg.op(pool="warehouse")
def work():
    os.kill(os.getpid(), signal.SIGKILL)

@dg.job
def build():
    work()

with dg.DagsterInstance.from_ref(
    dg.DagsterInstance.local_temp(sys.argv[1]).get_ref()
) as instance:
    build.execute_in_process(instance=instance, tags=process_tag(), raise_on_error=False)
"""


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    found = dg.DagsterInstance.local_temp(str(tmp_path))
    found.event_log_storage.set_concurrency_slots(POOL, 1)
    return found


def test_a_killed_run_is_ended_and_its_place_in_the_pool_is_free(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    done = subprocess.run([sys.executable, "-c", STUCK, str(tmp_path)], check=False)
    assert done.returncode < 0
    held = instance.event_log_storage.get_concurrency_info(POOL)
    assert len(held.claimed_slots) == 1, "the kill came while the place was taken"

    (run_id,) = bury_dead_runs(instance)

    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.FAILURE
    after = instance.event_log_storage.get_concurrency_info(POOL)
    assert (after.claimed_slots, after.pending_steps) == ([], [])
    assert bury_dead_runs(instance) == []


@pytest.mark.parametrize(
    "tag",
    [
        process_tag(),
        {PROCESS_TAG: "another-machine 1 1"},
        {},
    ],
    ids=["alive", "of another machine", "of the UI"],
)
def test_others_are_left_alone(instance: dg.DagsterInstance, tag: dict[str, str]) -> None:
    made = instance.create_run_for_job(_job(), tags=tag, status=dg.DagsterRunStatus.STARTED)
    assert bury_dead_runs(instance) == []
    found = instance.get_run_by_id(made.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.STARTED


def test_a_number_that_another_process_has_now_is_no_sign_of_life(
    instance: dg.DagsterInstance,
) -> None:
    tag = {PROCESS_TAG: f"{socket.gethostname()} {os.getpid()} 1"}
    made = instance.create_run_for_job(_job(), tags=tag, status=dg.DagsterRunStatus.STARTED)
    assert bury_dead_runs(instance) == [made.run_id]


def _job() -> dg.JobDefinition:
    @dg.job
    def build() -> None: ...

    return build
