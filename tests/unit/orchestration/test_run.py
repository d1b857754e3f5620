"""A run from the command line: an interrupt is no failure, children are heard in the run's file."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from orchestration.run import _children_told_to, _is_interrupted

pytestmark = pytest.mark.unit


@dg.op
def press_ctrl_c() -> None:
    """What a terminal does when somebody presses Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


@dg.op
def fail() -> None:
    raise ValueError("as any step may")


@pytest.mark.parametrize(("op", "expected"), [(press_ctrl_c, True), (fail, False)])
def test_an_interrupt_is_told_from_a_failure(op: dg.OpDefinition, *, expected: bool) -> None:
    graph = dg.GraphDefinition(name="run", node_defs=[op])
    try:
        result = graph.execute_in_process(raise_on_error=False)
    except KeyboardInterrupt:
        pytest.fail("Dagster raises it now: _is_interrupted has nothing to look for")
    assert not result.success
    assert _is_interrupted(result) is expected


def test_children_write_to_the_file_and_this_process_where_it_did(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.log"
    with path.open("w", encoding="utf-8") as output, _children_told_to(output):
        subprocess.run(
            [sys.executable, "-c", "import sys; sys.stderr.write('a traceback')"], check=True
        )
        sys.stderr.write("what we say\n")
    os.write(2, b"afterwards\n")
    assert path.read_text(encoding="utf-8") == "a traceback"
    assert capfd.readouterr().err == "what we say\nafterwards\n"
