"""Opening DuckDB: what somebody else holds is said in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from citybase import duck
from citybase.errors import LockedError

pytestmark = pytest.mark.unit


def test_a_file_somebody_else_has_open_is_said_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    script = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(LockedError, match=rf"open in process {other.pid} \(python"):
            duck.connect(path)
