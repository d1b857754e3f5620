"""Where landed files are: the only place that builds their paths, and makes and keeps them safe.

``landing/<system>/<table>/<batch>.parquet`` is a segment, ``…/quarantine/<batch>.parquet`` the rows
that did not land. A file that no ledger row lists never happened. Keep out: what is in the files
(``extract.py``) and which of them count (``ledger.py``).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from citybase.errors import LockedError
from citybase.lock import held
from citybase.settings import Settings
from sources import ledger

_LOCK = ".lock"


def segment(settings: Settings, system_code: str, table_code: str, batch_id: int) -> Path:
    """The landed rows of one batch."""
    return _folder(settings, system_code, table_code) / f"{batch_id}.parquet"


def scratch_segment(settings: Settings, system_code: str, table_code: str, batch_id: int) -> Path:
    """The rows as read, good and bad, beside the segment so that a rename is enough."""
    return _folder(settings, system_code, table_code) / f"{batch_id}.scratch.parquet"


def quarantine_segment(
    settings: Settings, system_code: str, table_code: str, batch_id: int
) -> Path:
    """The rejected values of one batch."""
    return _folder(settings, system_code, table_code) / "quarantine" / f"{batch_id}.parquet"


def relative(settings: Settings, path: Path) -> str:
    """The path as the ledger writes it."""
    return path.relative_to(settings.landing).as_posix()


def absolute(settings: Settings, files: tuple[str, ...]) -> list[Path]:
    """The paths that ledger entries mean."""
    return [settings.landing / file for file in files]


def segments(
    settings: Settings, engine: sa.Engine, system_code: str, table_code: str
) -> list[Path]:
    """Every segment of landed rows that some batch of the table lists."""
    listed = ledger.listed_files(engine, system_code, table_code)
    folder = _folder(settings, system_code, table_code)
    return sorted(path for path in absolute(settings, tuple(listed)) if path.parent == folder)


def make_durable(settings: Settings, path: Path) -> None:
    """Return only when the file and every folder entry on the way to it are on the disk."""
    folders = [folder for folder in path.parents if folder.is_relative_to(settings.landing)]
    for target in (path, *folders):
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def table_lock(
    settings: Settings, system_code: str, table_code: str
) -> AbstractContextManager[None]:
    """One extraction of a table at a time; raises LockedError. It also guards files in progress."""
    return held(
        _folder(settings, system_code, table_code) / _LOCK,
        "extraction",
        what=f"landing of {system_code}.{table_code}",
    )


@contextmanager
def work_folder(settings: Settings, system_code: str, table_code: str) -> Iterator[Path]:
    """A private folder for the time of one extraction. Needs the table's lock."""
    folder = settings.scratch / "extract" / f"{system_code}__{table_code}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_table(
    settings: Settings, engine: sa.Engine, system_code: str, table_code: str
) -> list[Path]:
    """Delete the table's files that no ledger row lists. Needs the table's lock."""
    folder = _folder(settings, system_code, table_code)
    files = [*folder.glob("*.parquet"), *folder.glob("quarantine/*.parquet")]
    if not files:
        return []
    listed = ledger.listed_files(engine, system_code, table_code)
    orphans = [file for file in files if relative(settings, file) not in listed]
    for orphan in orphans:
        orphan.unlink()
    return orphans


def sweep_orphans(settings: Settings, engine: sa.Engine) -> list[Path]:
    """Delete every file that no ledger row lists, except in tables that are being extracted."""
    swept: list[Path] = []
    for lock in sorted(settings.landing.glob(f"*/*/{_LOCK}")):
        system_code, table_code = lock.parent.parent.name, lock.parent.name
        try:
            with table_lock(settings, system_code, table_code):
                swept += sweep_table(settings, engine, system_code, table_code)
        except LockedError:
            continue
    return swept


def _folder(settings: Settings, system_code: str, table_code: str) -> Path:
    return settings.landing / system_code / table_code
