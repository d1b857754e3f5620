"""The folders of published versions: ``serving/<audience>/v<batch>`` and the link ``current``.

A version is built under ``serving/.building``, on the same file system, renamed into place when it
is whole, and becomes current by replacing one symbolic link; a kill between any two steps leaves
``current`` whole. Add a step here when versions are kept or removed in another way. Keep out: what
lies inside a version's files (``library_file.py``).
"""

import os
import re
import shutil
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from citybase.errors import WarehouseError
from citybase.serving.audience import AUDIENCES, audience_named
from citybase.settings import Settings

KEPT_VERSIONS = 3
CURRENT = "current"
RECORD = "publication.json"
_FOLDER = re.compile(r"^v([1-9][0-9]*)$")


class LibraryRecord(BaseModel):
    """One file of a version. ``written_in`` is the batch that wrote it; later ones link to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fingerprint: str
    written_in: int
    tables: dict[str, int]


class VersionRecord(BaseModel):
    """What a version folder says about itself in ``publication.json``. Times are UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int
    audience: str
    published_at: datetime
    as_of_date: date
    cut_id: int
    libraries: dict[str, LibraryRecord]


def audience_folder(settings: Settings, audience: str) -> Path:
    """The folder of an audience's versions.

    Raises:
        WarehouseError: there is no such audience.
    """
    return settings.serving / audience_named(audience).name


def list_versions(settings: Settings, audience: str) -> list[int]:
    """The batches whose folders are there, oldest first."""
    folder = audience_folder(settings, audience)
    found = [_FOLDER.match(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(match.group(1)) for match in found if match is not None)


def current_version(settings: Settings, audience: str) -> int | None:
    """The batch ``current`` points to; None when nothing is published yet."""
    link = audience_folder(settings, audience) / CURRENT
    if not link.is_symlink():
        return None
    match = _FOLDER.match(link.readlink().name)
    if match is None or not link.is_dir():
        return None
    return int(match.group(1))


def version_folder(settings: Settings, audience: str, *, version: int | None = None) -> Path:
    """The folder of a version, ``current`` resolved, so that all its files are of one batch.

    Raises:
        WarehouseError: nothing is published yet, or the version is not kept.
    """
    folder = audience_folder(settings, audience)
    wanted = current_version(settings, audience) if version is None else version
    if wanted is None:
        raise WarehouseError(
            f"Nothing is published for the audience {audience} in {settings.serving}.",
            remedy="Run `make demo` for the synthetic city, or `citybase build`.",
        )
    kept = list_versions(settings, audience)
    if wanted not in kept:
        raise WarehouseError(
            f"Version {wanted} of the audience {audience} is not there.",
            remedy=f"Choose one of these: {', '.join(map(str, kept)) or 'none is published'}.",
        )
    return folder / f"v{wanted}"


def read_record(folder: Path) -> VersionRecord | None:
    """What a version folder says about itself; None when that cannot be read."""
    try:
        return VersionRecord.model_validate_json((folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None


def next_batch(settings: Settings) -> int:
    """One more than the highest batch of any audience, so that all audiences count alike."""
    return 1 + max(
        (batch for a in AUDIENCES for batch in list_versions(settings, a.name)), default=0
    )


def building_folder(settings: Settings) -> Path:
    """Where versions are built: private, emptied by every publication. Needs the warehouse lock."""
    return settings.serving / ".building"


def sweep(settings: Settings) -> None:
    """Remove what a killed publication left. Needs the warehouse lock."""
    folder = building_folder(settings)
    if folder.exists():
        shutil.rmtree(folder)


def install(settings: Settings, audience: str, *, built: Path, batch: int) -> Path:
    """Move a whole version into place; it is not current yet."""
    folder = audience_folder(settings, audience)
    if not folder.exists():
        folder.mkdir(parents=True)
        sync_folder(folder.parent)
    # Everything else under the home is its owner's alone (citybase/private.py).
    mode = 0o700 if audience_named(audience).is_encrypted else 0o755
    settings.serving.chmod(0o755)
    folder.chmod(mode)
    built.chmod(mode)
    sync_folder(built)
    installed = folder / f"v{batch}"
    built.rename(installed)
    sync_folder(folder)
    return installed


def make_current(settings: Settings, audience: str, *, batch: int) -> None:
    """Point ``current`` at a version, in one step no reader can see the middle of."""
    folder = audience_folder(settings, audience)
    link = building_folder(settings) / f"{audience}-{CURRENT}"
    link.symlink_to(f"v{batch}")
    link.replace(folder / CURRENT)
    sync_folder(folder)


def prune(settings: Settings, audience: str) -> None:
    """Remove all but the newest versions, each renamed away first so that none is ever half there.

    A reader that has a file of a removed version open keeps reading it.
    """
    folder = audience_folder(settings, audience)
    for version in list_versions(settings, audience)[:-KEPT_VERSIONS]:
        if version == current_version(settings, audience):
            continue
        away = building_folder(settings) / f"{audience}-removed-v{version}"
        (folder / f"v{version}").rename(away)
        shutil.rmtree(away)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the content of a file survive a power cut."""
    sync_folder(path)
