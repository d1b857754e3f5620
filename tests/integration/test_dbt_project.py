"""The dbt project read by dbt in a process of its own: what dbt remembers and what it refuses.

Keep out: what needs no dbt (``tests/unit/orchestration/test_project.py``).
"""

import json
import shutil
from pathlib import Path

import pytest

from citybase.errors import WarehouseError
from citybase.settings import Settings
from orchestration import project

pytestmark = pytest.mark.integration


def test_a_kept_home_reads_the_seeds_of_the_code_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "var")
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "seeds").mkdir(parents=True)
    (old / "seeds" / "one.csv").write_text("code\n1\n")
    shutil.copy2(project.dbt_folder() / "profiles.yml", old)
    (old / "dbt_project.yml").write_text("name: kept\nprofile: citybase\n")

    roots = []
    for folder in (old, new):
        if not folder.exists():
            # As a release is unpacked: with the times it was made, so that nothing is newer.
            shutil.copytree(old, new)
        monkeypatch.setattr(project, "dbt_folder", lambda folder=folder: folder)
        manifest = project.dbt_project(settings).manifest_path
        roots.append(json.loads(manifest.read_text())["nodes"]["seed.kept.one"]["root_path"])

    assert roots == [str(old), str(new)]


def test_a_project_that_cannot_be_parsed_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dbt_project"
    (folder / "models").mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        (folder / name).write_bytes((project.dbt_folder() / name).read_bytes())
    (folder / "models" / "broken.sql").write_text("select * from {{ ref('nowhere') }}")
    monkeypatch.setattr(project, "dbt_folder", lambda: folder)
    with pytest.raises(WarehouseError) as raised:
        project.dbt_project(Settings(home=tmp_path / "var"))
    assert "nowhere" in raised.value.message
    assert raised.value.remedy
