"""The dbt project as Dagster sees it: its manifest, always as new as its files, and its CLI.

Add here what concerns running dbt. Keep out: what dbt nodes are called in Dagster
(``translator.py``) and the assets made of them (``assets/warehouse.py``).
"""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject
from packaging import version

from citybase.errors import WarehouseError
from citybase.lock import child_environment
from citybase.settings import HOME_VARIABLE, Settings, project_root

_PARTS = ("macros", "models", "seeds", "tests")
# The file of the target that names the project folder it was made from.
_WRITTEN_BY = "project_folder"
_REMEMBERED = ("manifest.json", "partial_parse.msgpack")
_WATCHED = {".sql", ".yml", ".csv"}


class CitybaseDbt(DbtCliResource):
    """dbt's CLI without the start-up cost of asking for its version.

    dagster-dbt forks `dbt --version` in each step process, which asks the package index about every
    adapter: ten seconds in a network that has none.
    """

    @cached_property
    def _cli_version(self) -> version.Version:
        return version.parse(importlib.metadata.version("dbt-core"))


def dbt_folder() -> Path:
    """The dbt project's folder."""
    return project_root() / "dbt_project"


def dbt_executable() -> Path:
    """dbt beside this interpreter (``dbt_process.py``): PATH may name another one, or none."""
    return Path(sys.executable).parent / "citybase-dbt"


def target_folder(settings: Settings) -> Path:
    """Where dbt writes manifest and run results."""
    return settings.home / "dbt" / "target"


def dbt_environment(settings: Settings) -> dict[str, str]:
    """The variables dbt and the profile read."""
    return {
        HOME_VARIABLE: str(settings.home),
        "DBT_TARGET_PATH": str(target_folder(settings)),
        "DBT_LOG_PATH": str(settings.home / "dbt" / "logs"),
        "DBT_PROFILES_DIR": str(dbt_folder()),
        "DBT_PROJECT_DIR": str(dbt_folder()),
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def exported_environment(settings: Settings) -> Iterator[None]:
    """The variables of `dbt_environment` in this process, which holds the warehouse, for the dbt
    child it starts.
    """
    before = dict(os.environ)
    os.environ.update({**dbt_environment(settings), **child_environment()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def dbt_project(settings: Settings) -> DbtProject:
    """The project with a manifest that is not older than any of its files, so that edited SQL is
    live at the next load.

    Raises:
        WarehouseError: dbt cannot parse the project; the message is dbt's own.
    """
    project = DbtProject(
        project_dir=dbt_folder(),
        profiles_dir=dbt_folder(),
        target_path=target_folder(settings),
    )
    _forget_other_folder(settings)
    if _is_stale(project.manifest_path):
        _parse(settings)
    return project


def dbt_resource() -> CitybaseDbt:
    """The CLI resource, bound to this project."""
    return CitybaseDbt(
        project_dir=str(dbt_folder()),
        profiles_dir=str(dbt_folder()),
        dbt_executable=str(dbt_executable()),
    )


def _forget_other_folder(settings: Settings) -> None:
    """Drop what dbt remembers of another project folder: where seeds lie it knows by their absolute
    path, and it would read those of the old code as long as they are there.
    """
    target = target_folder(settings)
    written_by = target / _WRITTEN_BY
    if written_by.exists() and written_by.read_text(encoding="utf-8") == str(dbt_folder()):
        return
    target.mkdir(parents=True, exist_ok=True)
    for name in _REMEMBERED:
        (target / name).unlink(missing_ok=True)
    written_by.write_text(str(dbt_folder()), encoding="utf-8")


def _is_stale(manifest: Path) -> bool:
    if not manifest.exists():
        return True
    made = manifest.stat().st_mtime
    return any(path.stat().st_mtime > made for path in _watched())


def _watched() -> Iterator[Path]:
    """The project's files and its folders: only its folder's time tells of a removed file."""
    yield from dbt_folder().glob("*.yml")
    for part in _PARTS:
        yield from (path for path in [dbt_folder() / part] if path.exists())
        for path in (dbt_folder() / part).rglob("*"):
            if path.is_dir() or path.suffix in _WATCHED:
                yield path


def _parse(settings: Settings) -> None:
    for folder in (target_folder(settings), settings.scratch):
        folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603 - our own executable, no shell
        [dbt_executable(), "parse", "--quiet", "--no-use-colors"],
        env={**os.environ, **dbt_environment(settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise WarehouseError(
            f"dbt cannot parse {dbt_folder()}: {done.stdout.strip()[-2000:]}",
            remedy="Mend the file it names, then load again.",
        )
    # A parse that changed nothing leaves the manifest's time as it was.
    (target_folder(settings) / "manifest.json").touch()
