"""The accuracy bench from end to end, over the smallest city: one object, and nothing is left."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from citybase.settings import project_root

pytestmark = pytest.mark.integration

_FIGURES = {"scale", "seed", "residents", "rows", "cpu_s", "rss_mb", "steps", "checks", "score"}
_FIGURES |= {"number_shared", "false_split", "wrong_number_kept_out", "missed"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to PostgreSQL's user and too long a path for
    its socket.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-test-") as path:
        yield Path(path)


def test_one_object_and_nothing_left(folder: Path) -> None:
    citybase = Path(sys.executable).parent / "citybase"
    command = [str(citybase), "bench", "libraries", "--scale", "0.00005", "--seed", "3", "--json"]
    done = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": str(folder), "CITYBASE_HOME": str(folder / "unused")},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= _FIGURES
    # In so small a city some kinds of damage do not occur, and a figure over nothing is missed.
    assert done.returncode == (1 if found["missed"] else 0), done.stderr
    assert (found["scale"], found["seed"], found["residents"]) == (0.00005, 3, 550)
    assert found["number_shared"]["injected"] == 1
    assert found["score"]["population"]["one_key"]["total"] > 500
    assert found["cpu_s"] > 1
    assert found["rss_mb"] > 100
    assert [path for path in folder.iterdir() if path.name.startswith("citybase-bench-")] == []
    assert not (folder / "unused" / "warehouse.duckdb").exists()
