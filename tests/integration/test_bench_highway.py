"""The benches of the highway from end to end, small: what they verify holds, and the keys stay."""

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
from sources.simulator.servers_mariadb import mariadb_is_installed

pytestmark = pytest.mark.integration


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to PostgreSQL's user and too long a path for
    its socket.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-test-") as path:
        Path(path).chmod(0o711)
        yield Path(path)


def bench(folder: Path, *options: str) -> dict[str, Any]:
    citybase = Path(sys.executable).parent / "citybase"
    done = subprocess.run(
        [str(citybase), "bench", *options, "--json"],
        env={**os.environ, "TMPDIR": str(folder)},
        cwd=project_root(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [path for path in folder.iterdir() if path.name.startswith("citybase-bench-")] == []
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_everything_that_was_committed_has_landed(folder: Path) -> None:
    found = bench(folder, "highway", "--seconds", "2", "--rate", "200", "--backlog", "4000")
    assert found["equal"] is True
    assert (found["changes"], found["catchup_changes"]) == (400, 4000)
    assert 0 < found["p50_s"] <= found["p95_s"]
    assert found["catchup_changes_per_s"] > 0
    if os.environ.get("CI") == "true" or mariadb_is_installed():
        assert found["equal_mysql"] is True
        assert found["catchup_mysql_per_s"] > 0
    else:
        assert found["equal_mysql"] is found["catchup_mysql_per_s"] is None


def test_killed_in_turn_nothing_is_lost_doubled_or_torn(folder: Path) -> None:
    found = bench(folder, "kill", "--kills", "10")
    figures = {name: found[name] for name in ("kills", "lost", "doubled", "torn")}
    assert found["by_victim"]["publication"] == 2
    assert figures == {"kills": 10, "lost": 0, "doubled": 0, "torn": 0}


def test_a_compacted_table_stays_short_whole_and_readable(folder: Path) -> None:
    found = bench(folder, "compaction", "--batches", "120", "--rows", "3000")
    figures = {name: found[name] for name in ("batches", "lost", "doubled", "torn")}
    assert figures == {"batches": 120, "lost": 0, "doubled": 0, "torn": 0}
    assert found["cuts"] > 0
    assert found["changes"] > 3000
    assert 0 < found["segments_most"] <= 50
    assert 1 <= found["ratio_base"] <= found["ratio_most"]
