"""dbt as Dagster runs it: quick to start, never with an old manifest, its arguments pure."""

import inspect
import os
import subprocess
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import pytest
from dagster_dbt import DbtCliResource

from orchestration import project
from orchestration.assets.warehouse import build_arguments

pytestmark = pytest.mark.unit


def test_the_attribute_that_forks_dbt_is_still_there_and_is_ours() -> None:
    # dagster-dbt may rename it: then our override would be dead and each step wait for a network.
    assert isinstance(vars(DbtCliResource)["_cli_version"], cached_property)
    assert "_cli_version" in inspect.getsource(DbtCliResource.cli)
    assert isinstance(vars(project.CitybaseDbt)["_cli_version"], cached_property)


def test_the_version_is_known_without_starting_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **_more: object) -> None:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert str(project.dbt_resource()._cli_version) == version("dbt-core")


def test_the_arguments_of_a_build() -> None:
    assert build_arguments(is_full_refresh=False) == ["build"]
    assert build_arguments(is_full_refresh=True) == ["build", "--full-refresh"]


@pytest.mark.parametrize(
    "name", ["models/one.sql", "models/deep/one.yml", "seeds/one.csv", "dbt_project.yml"]
)
def test_a_manifest_older_than_any_file_is_stale(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "dbt_folder", lambda: tmp_path)
    manifest = tmp_path / "manifest.json"
    edited = tmp_path / name
    edited.parent.mkdir(parents=True, exist_ok=True)
    edited.touch()
    assert project._is_stale(manifest)
    manifest.touch()
    moment = manifest.stat().st_mtime
    for path in [edited, *(p for p in edited.parents if p.is_relative_to(tmp_path))]:
        os.utime(path, (moment - 10, moment - 10))
    assert not project._is_stale(manifest)
    os.utime(edited, (moment + 10, moment + 10))
    assert project._is_stale(manifest)


def test_a_removed_or_added_model_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "dbt_folder", lambda: tmp_path)
    models = tmp_path / "models"
    models.mkdir()
    (models / "one.sql").touch()
    (models / "other.sql").touch()
    manifest = tmp_path / "manifest.json"
    manifest.touch()
    os.utime(manifest, (manifest.stat().st_mtime + 10,) * 2)
    assert not project._is_stale(manifest)
    (models / "other.sql").unlink()
    os.utime(models, (manifest.stat().st_mtime + 10,) * 2)
    assert project._is_stale(manifest)
