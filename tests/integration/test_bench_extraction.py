"""The benches of extraction from end to end, over small tables: one object each, rows compared with
their source, and nothing left.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from citybase.settings import project_root

pytestmark = pytest.mark.integration


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to PostgreSQL's user and too long a path for
    its socket.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-test-") as path:
        Path(path).chmod(0o711)
        yield Path(path)


def bench(folder: Path, name: str, *options: str) -> tuple[dict[str, Any], str]:
    command = [str(Path(sys.executable).parent / "citybase"), "bench", name, *options, "--json"]
    done = subprocess.run(
        command,
        env={**os.environ, "TMPDIR": str(folder), "CITYBASE_HOME": str(folder / "unused")},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["met"] else 1), done.stderr
    assert [path for path in folder.iterdir() if path.name.startswith("citybase-bench-")] == []
    return found, done.stderr


def test_full_load(folder: Path) -> None:
    found, said = bench(folder, "full_load", "--rows", "3000", "--turns", "1")

    assert (found["rows"], found["exact"]) == (3000, True)
    assert found["ratio_copy"] > 0
    # dlt is not installed where citybase is: the bench says how, and claims nothing.
    assert found["ratio_dlt"] is None
    assert "requirements/bench.lock" in said
    assert found["rss_mb"] > 50
    assert set(found["cpu_s"]) == {"copy", "product"}
    assert found["cpu_s"]["product"]["client"] > 0


def test_hashdiff(folder: Path) -> None:
    found, _ = bench(folder, "hashdiff", "--rows", "5000", "--turns", "1")

    assert (found["rows"], found["exact"]) == (5000, True)
    assert found["changes"] == {"u": 25, "d": 10, "c": 10}
    assert found["m_rows_per_cpu_s"] > found["whole_m_rows_per_cpu_s"] > 0
    assert found["rss_mb"] > 50
