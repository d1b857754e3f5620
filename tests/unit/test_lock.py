"""The warehouse has one holder at a time, and a refused process reads who it is."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citybase.errors import LockedError
from citybase.lock import child_environment, warehouse_lock
from citybase.settings import Settings

pytestmark = pytest.mark.unit

TAKE = """
import sys
from pathlib import Path
from citybase.errors import LockedError
from citybase.lock import warehouse_lock
from citybase.settings import Settings

try:
    with warehouse_lock(Settings(home=Path(sys.argv[1])), "child"):
        print("held", flush=True)
        sys.stdin.readline()
except LockedError as error:
    print(error.message)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "var")


def start(settings: Settings, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", TAKE, str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def answer(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate("\n", timeout=20)
    return out.strip()


def test_a_second_process_is_refused_and_told_who_holds_it(settings: Settings) -> None:
    with warehouse_lock(settings, "nightly build"):
        told = answer(start(settings))

    assert "nightly build" in told
    assert str(os.getpid()) in told
    assert answer(start(settings)) == "held"


def test_a_second_holder_in_one_process_is_refused_too(settings: Settings) -> None:
    with (
        warehouse_lock(settings, "first"),
        pytest.raises(LockedError, match=r"first .*since .*end process"),
        warehouse_lock(settings, "second"),
    ):
        pass


def test_a_child_of_the_holder_works_inside_its_lock(settings: Settings) -> None:
    with warehouse_lock(settings, "parent"):
        assert answer(start(settings, dict(child_environment()))) == "held"


def test_the_handshake_opens_nothing_once_the_parent_let_go(settings: Settings) -> None:
    with warehouse_lock(settings, "parent"):
        pass
    child = start(settings, dict(child_environment()))
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "held"
    with pytest.raises(LockedError, match="child"), warehouse_lock(settings, "other"):
        pass
    answer(child)


def test_a_killed_holder_holds_nothing(settings: Settings) -> None:
    child = start(settings)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "held"
    child.kill()
    child.wait()

    with warehouse_lock(settings, "next"):
        assert json.loads(settings.warehouse_lock.read_text())["name"] == "next"


def test_waiting_gets_the_lock_when_the_holder_leaves(settings: Settings) -> None:
    child = start(settings)
    assert child.stdout is not None
    assert child.stdin is not None
    child.stdout.readline()
    began = time.monotonic()
    child.stdin.write("\n")
    child.stdin.flush()

    with warehouse_lock(settings, "patient", wait_seconds=20):
        assert time.monotonic() - began < 20
    child.wait()
