"""What lies under CITYBASE_HOME is its owner's alone, whatever the umask of the shell; only what is
published to analysts can be reached by others.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from citybase.private import make_private
from citybase.serving.publish import publish
from citybase.settings import Settings
from tests.integration.serving.serving_house import build_house

pytestmark = pytest.mark.integration

OTHERS = 0o077
READ = stat.S_IRGRP | stat.S_IROTH


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def citybase(home: Path, *words: str) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("citybase")), *words],
        env={**os.environ, "CITYBASE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def reachable(home: Path) -> set[str]:
    """Every file of this user that another one could open, by the modes of all folders above it."""
    found = set()
    for folder, folders, files in os.walk(home):
        mode = Path(folder).stat().st_mode
        if not mode & stat.S_IXOTH and not mode & stat.S_IXGRP:
            folders.clear()
            continue
        for name in files:
            path = Path(folder) / name
            if path.stat().st_uid == os.geteuid() and path.stat().st_mode & READ:
                found.add(path.relative_to(home).as_posix())
    return found


def test_a_city_its_landing_and_its_warehouse_are_private(tmp_path: Path) -> None:
    home = tmp_path / "var"
    try:
        # A new server has to start below private folders.
        citybase(home, "city", "create", "--scale", "0.0001")
        citybase(home, "extract")
        citybase(home, "bind")
        assert (home / "warehouse.duckdb").exists()
        assert (home / "city" / "truth.duckdb").exists()
        assert list(home.glob("landing/*/*/*.parquet"))
        assert reachable(home) == set()
        own = [path for path in home.rglob("*") if path.stat().st_uid == os.geteuid()]
        readable = [p for p in own if p.is_file() and p.stat().st_mode & OTHERS]
        assert readable == []
        assert stat.S_IMODE(home.stat().st_mode) == 0o711
        citybase(home, "city", "stop")
        citybase(home, "city", "start")
    finally:
        citybase(home, "city", "drop")


def test_only_what_is_for_analysts_can_be_read_by_others(tmp_path: Path) -> None:
    house = build_house(tmp_path / "var")
    home = house.settings.home
    make_private(house.settings)

    publish(house.settings, manifest=house.manifest)

    shown = reachable(home)
    assert shown
    assert {path.split("/")[:3][1] for path in shown} == {"analyst"}
    assert {path.split("/")[0] for path in shown} == {"serving"}
    analyst = home / "serving" / "analyst" / "v1"
    for folder in (home / "serving", analyst.parent, analyst):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    for file in analyst.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o444


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "var"
    for name in ("warehouse.duckdb", "ops.db", "landing/s/t/1.parquet", "city/truth.duckdb"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert reachable(home)

    make_private(Settings(home=home))

    assert reachable(home) == set()
