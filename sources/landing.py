"""Where landed files are: the only place that builds their paths, and makes and keeps them safe.

``landing/<system>/<table>/<batch>.parquet`` is a segment, ``…/quarantine/<batch>.parquet`` the rows
that did not land, ``…/state/<batch>.parquet`` what the next extraction compares with, and
``…/compact/`` has segments written together. A file of an extraction that its ledger knows to have
begun, and lists nowhere, never happened; any other file is somebody's archive and is never touched.
``landing/.ledger`` says which ledger the folder belongs to. Keep out: what is in the files
(``extract.py``) and which of them count (``content.py``).
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa

from citybase.errors import LockedError, WarehouseError
from citybase.lock import held
from citybase.settings import Settings
from citybase.store.engine import URL_VARIABLE
from sources import ledger

_LOCK = ".lock"
_OWNER = ".ledger"
_COMPACTED = "compact"


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


def state(settings: Settings, system_code: str, table_code: str, batch_id: int) -> Path:
    """What the next extraction of the table compares with (mode ``hash_diff``)."""
    return _folder(settings, system_code, table_code) / "state" / f"{batch_id}.parquet"


def compaction_folder(settings: Settings, system_code: str, table_code: str) -> Path:
    """Where segments of the table that were written together are."""
    return _folder(settings, system_code, table_code) / _COMPACTED


def is_compacted(file: str) -> bool:
    """Whether a file, as the ledger writes it, was made of several segments."""
    return Path(file).parent.name == _COMPACTED


def relative(settings: Settings, path: Path) -> str:
    """The path as the ledger writes it."""
    return path.relative_to(settings.landing).as_posix()


def absolute(settings: Settings, files: tuple[str, ...]) -> list[Path]:
    """The paths that ledger entries mean."""
    return [settings.landing / file for file in files]


def refuse_missing(
    settings: Settings, system_code: str, table_code: str, files: Iterable[str]
) -> None:
    """Make sure that every file the ledger lists for a table is there.

    Raises:
        WarehouseError: one is not; it names the table and the file.
    """
    missing = sorted({file for file in files if not (settings.landing / file).is_file()})
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise WarehouseError(
            f"{system_code}.{table_code}: the ledger lists {settings.landing / missing[0]}{more}, "
            "which is not there.",
            remedy="Restore the landing folder from the backup made together with the ledger. "
            f"The newest state of a source alone comes back by `citybase extract {system_code}`; "
            "the identity register does not.",
        )


def segments(
    settings: Settings, engine: sa.Engine, system_code: str, table_code: str
) -> list[Path]:
    """Every segment of landed rows that some batch of the table lists.

    Raises:
        WarehouseError: one of them is not there.
    """
    listed = ledger.listed_files(engine, system_code, table_code)
    refuse_missing(settings, system_code, table_code, listed)
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


def claim(settings: Settings, engine: sa.Engine) -> None:
    """Make sure that the landing folder and the opened ledger belong together.

    A folder without an owner becomes this ledger's, unless it holds files and the ledger is new.

    Raises:
        WarehouseError: the folder belongs to another ledger.
    """
    owner = settings.landing / _OWNER
    store_id, is_used = ledger.identity(engine)
    found = owner.read_text(encoding="utf-8").strip() if owner.exists() else None
    if found == store_id:
        return
    if found is not None or (not is_used and any(settings.landing.rglob("*.parquet"))):
        raise _foreign(settings, engine, f"{settings.landing} belongs to another ledger than")
    owner.parent.mkdir(parents=True, exist_ok=True)
    # Two first extractions at once write the same number; neither reads half of it.
    fresh = owner.with_name(f"{_OWNER}.{os.getpid()}")
    fresh.write_text(store_id + "\n", encoding="utf-8")
    fresh.replace(owner)
    make_durable(settings, owner)


def refuse_existing(paths: Iterable[Path]) -> None:
    """Make sure that none of the files a new batch will write is there.

    Raises:
        WarehouseError: one is; it belongs to a batch this ledger has forgotten.
    """
    for path in paths:
        if path.exists():
            raise WarehouseError(
                f"{path} exists, but its batch is only now being made: nothing was overwritten.",
                remedy="The ledger is older than the landing folder. Restore both from one backup.",
            )


def sweep_table(
    settings: Settings, engine: sa.Engine, system_code: str, table_code: str
) -> list[Path]:
    """Delete what extractions of the table left that began and did not commit. Needs its lock.

    Raises:
        WarehouseError: a file is of no extraction that this ledger knows; nothing is deleted then.
    """
    claim(settings, engine)
    folder = _folder(settings, system_code, table_code)
    files = [*folder.glob("*.parquet"), *folder.glob("quarantine/*.parquet")]
    if not files:
        return []
    listed = ledger.listed_files(engine, system_code, table_code)
    orphans = [file for file in files if relative(settings, file) not in listed]
    begun = {str(number) for number in ledger.attempted_batches(engine, system_code, table_code)}
    unknown = sorted(file for file in orphans if file.name.split(".")[0] not in begun)
    if unknown:
        raise _foreign(
            settings,
            engine,
            f"{folder} holds {len(unknown)} files ({unknown[0].name}, …) of batches unknown to",
        )
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


def _foreign(settings: Settings, engine: sa.Engine, problem: str) -> WarehouseError:
    opened = engine.url.render_as_string(hide_password=True)
    return WarehouseError(
        f"{problem} the opened one ({opened}). Nothing was deleted or written.",
        remedy=f"Open the right ledger ({URL_VARIABLE}, or {settings.ops}), or restore it from "
        "the backup made together with the landing folder. To begin anew, and forget every key, "
        "move the landing folder away.",
    )


def _folder(settings: Settings, system_code: str, table_code: str) -> Path:
    return settings.landing / system_code / table_code
