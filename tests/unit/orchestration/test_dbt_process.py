"""dbt ends with whoever started it, and nobody opens the warehouse before it has."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citybase import lock
from citybase.errors import LockedError
from citybase.lock import warehouse_lock
from citybase.settings import HOME_VARIABLE, Settings
from orchestration import dbt_process
from orchestration.dbt_process import ended

pytestmark = pytest.mark.unit

# dbt as it is when a statement does not heed an interrupt; `main` brings the rest.
CHILD = """
import signal, sys, types
from time import sleep

def cli():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("working", flush=True)
    sleep(60)

sys.modules["dbt.cli.main"] = types.SimpleNamespace(cli=cli)
from orchestration import dbt_process
if sys.argv[1] == "stays":
    dbt_process._end_with = lambda parent: None
dbt_process.main()
"""
PARENT = """
import os, subprocess, sys
from citybase.lock import child_environment, warehouse_lock
from citybase.settings import load_settings

with warehouse_lock(load_settings(), "build"):
    environment = {**os.environ, **child_environment()}
    child = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], env=environment)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "var")


def orphan(settings: Settings, how: str) -> int:
    """A child at work in the lock of a holder that has just been killed: its process id."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, CHILD, how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, HOME_VARIABLE: str(settings.home)},
    )
    assert parent.stdout is not None
    told = {parent.stdout.readline().strip() for _ in range(2)}
    assert "working" in told
    parent.kill()
    parent.wait()
    return int((told - {"working"}).pop())


def test_it_ends_when_whoever_started_it_is_killed_and_the_next_waits_for_that(
    settings: Settings,
) -> None:
    child = orphan(settings, "follows")

    with warehouse_lock(settings, "next"):
        pass
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        time.sleep(0.05)


def test_while_it_is_at_work_the_next_is_refused_and_told_its_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "ORPHAN_SECONDS", 0.2)
    child = orphan(settings, "stays")
    try:
        with (
            pytest.raises(LockedError, match=rf"held by dbt \(process {child},"),
            warehouse_lock(settings, "next"),
        ):
            pass
    finally:
        os.kill(child, signal.SIGKILL)


def test_outside_of_a_lock_it_runs_at_once(settings: Settings) -> None:
    with warehouse_lock(settings, "somebody"), lock.inherited_lock(settings):
        pass
    with lock.inherited_lock(settings), warehouse_lock(settings, "somebody"):
        pass


def start(script: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-u", "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    return process


def test_an_error_in_the_parent_interrupts_it_and_reads_what_it_still_says() -> None:
    process = start(
        "import time\n"
        "try:\n    print('working'); time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('x' * 1_000_000); raise SystemExit(7)\n"
    )
    with pytest.raises(ZeroDivisionError), ended(process):
        _ = 1 / 0
    assert process.returncode == 7


def test_one_that_does_not_heed_that_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_process, "_INTERRUPTED_SECONDS", 0.3)
    process = start(
        "import signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print('working'); time.sleep(60)\n"
    )
    with ended(process):
        pass
    assert process.returncode == -signal.SIGKILL
