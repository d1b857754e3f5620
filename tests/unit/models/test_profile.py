"""A build that does not fit into memory spills, and goes on."""

import contextlib
import io
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner

from citybase.settings import project_root

pytestmark = pytest.mark.unit

_LARGE = "select range as no, md5(range::varchar) as text from range(1500000) order by text"


def test_what_follows_a_spill_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "dbt_project.yml").write_text(
        "name: scratch\nversion: '1.0'\nprofile: citybase\nmodels: {+materialized: table}\n"
    )
    (tmp_path / "models" / "large.sql").write_text(_LARGE)
    (tmp_path / "models" / "next.sql").write_text("select count(*) as rows from {{ ref('large') }}")
    monkeypatch.setenv("CITYBASE_HOME", str(tmp_path))
    monkeypatch.setenv("CITYBASE_MEMORY_LIMIT", "80MB")
    arguments = ["--quiet", "--no-send-anonymous-usage-stats", "--no-version-check", "build"]
    arguments += ["--project-dir", str(tmp_path), "--target-path", str(tmp_path / "target")]
    arguments += ["--profiles-dir", str(project_root() / "dbt_project")]
    arguments += ["--log-path", str(tmp_path / "logs")]

    with contextlib.redirect_stdout(io.StringIO()) as said:
        outcome = dbtRunner().invoke(arguments)

    assert outcome.success, (outcome.exception, said.getvalue())
    # Only a spill makes the folder: the limit was tight enough for this to be a test.
    assert (tmp_path / "scratch" / "dbt").exists()
