"""The publication: one cut of the warehouse, written for every audience, swapped in whole.

Add a step here when publishing has one more. Keep out: each step's own work, which lies in the
other modules of this room, and when publishing happens (``orchestration/``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from citybase.duck import connect, literal
from citybase.errors import WarehouseError
from citybase.lock import warehouse_lock
from citybase.serving import versions
from citybase.serving.audience import AUDIENCES, Audience
from citybase.serving.declaration import Model, read_declaration
from citybase.serving.keys import ensure_steward_key
from citybase.serving.library_file import Build, write_library
from citybase.serving.plan import (
    check_complete,
    plan_tables,
)
from citybase.serving.unchanged import fingerprint_of, link_unchanged, previous_version
from citybase.serving.versions import LibraryRecord, VersionRecord
from citybase.serving.warehouse import (
    WAREHOUSE,
    Relations,
    read_relations,
    refuse_mixed_days,
)
from citybase.settings import Settings


@dataclass(frozen=True)
class PublishedFile:
    """One file of a version. ``is_linked``: unchanged since the last version, not written anew."""

    library: str
    path: Path
    tables: Mapping[str, int]
    is_linked: bool


@dataclass(frozen=True)
class PublishedVersion:
    """One audience's new version."""

    audience: str
    folder: Path
    files: tuple[PublishedFile, ...]


@dataclass(frozen=True)
class Publication:
    """What one publication wrote. ``published_at`` is UTC."""

    batch: int
    published_at: datetime
    as_of_date: date
    cut_id: int
    versions: tuple[PublishedVersion, ...]


@dataclass(frozen=True)
class _Work:
    connection: duckdb.DuckDBPyConnection
    settings: Settings
    models: tuple[Model, ...]
    relations: Relations
    build: Build
    on_step: Callable[[str], None]


def publish(
    settings: Settings,
    *,
    manifest: Path,
    on_step: Callable[[str], None] = lambda _step: None,
) -> Publication:
    """Publish the warehouse for every audience.

    Args:
        settings: the installation.
        manifest: dbt's ``manifest.json``, which declares the class of every column.
        on_step: told, in a few words, what is being done.

    Raises:
        WarehouseError: a column has no class, a model is missing or of another day than the cut, a
            key is lost, a file is wrong; nothing has become current then.
        LockedError: another process holds the warehouse.
    """
    models = read_declaration(manifest)
    with warehouse_lock(settings, "publish"):
        versions.sweep(settings)
        try:
            with _open_warehouse(settings) as connection:
                relations = read_relations(connection)
                check_complete(models, relations)
                build = _build(settings, connection, relations)
                refuse_mixed_days(
                    connection,
                    relations,
                    models=(model.name for model in models),
                    as_of_date=build.as_of_date,
                )
                work = _Work(connection, settings, models, relations, build, on_step)
                built = [_build_version(work, audience) for audience in AUDIENCES]
            return _swap(settings, build=build, built=built)
        finally:
            versions.sweep(settings)


def _open_warehouse(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.warehouse.exists():
        raise WarehouseError(
            f"There is no warehouse at {settings.warehouse}.",
            remedy="Run `make demo` for the synthetic city, or `citybase build`.",
        )
    # httpfs brings the cipher DuckDB needs to write an encrypted file; reading needs none.
    connection = connect(scratch=settings.scratch / "publish", extensions=("httpfs",))
    try:
        # What a sort spills is as secret as the file it goes to.
        connection.execute("set temp_file_encryption = true")
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"attach {literal(str(settings.warehouse))} as {WAREHOUSE} (read_only)")
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(
            f"{settings.warehouse} cannot be opened: {error}",
            remedy="End the process that has it open without the lock, then publish again.",
        ) from error
    return connection


def _build(
    settings: Settings, connection: duckdb.DuckDBPyConnection, relations: Relations
) -> Build:
    cut = (
        connection.execute(
            f"select cut_id, as_of_date from {WAREHOUSE}.meta.cut order by cut_id desc limit 1"
        ).fetchone()
        if ("meta", "cut") in relations
        else None
    )
    if cut is None or cut[0] is None or cut[1] is None:
        raise WarehouseError(
            "The warehouse does not say which cut of the sources it was built from (meta.cut).",
            remedy="Run `citybase build`: it binds a cut first.",
        )
    return Build(
        batch=versions.next_batch(settings),
        published_at=datetime.now(UTC).replace(microsecond=0),
        as_of_date=cut[1],
        cut_id=cut[0],
    )


def _build_version(work: _Work, audience: Audience) -> PublishedVersion:
    key = None
    if audience.is_encrypted:
        has_versions = bool(versions.list_versions(work.settings, audience.name))
        key = ensure_steward_key(work.settings, encrypted_exists=has_versions)
    folder = versions.building_folder(work.settings) / audience.name
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir()
    plans = plan_tables(
        work.connection, models=work.models, relations=work.relations, audience=audience
    )
    previous = previous_version(work.settings, audience)
    files: list[PublishedFile] = []
    records: dict[str, LibraryRecord] = {}
    for library in sorted({plan.file for plan in plans}):
        work.on_step(f"{audience.title} · {library}")
        of_library = tuple(plan for plan in plans if plan.file == library)
        contents, fingerprint = fingerprint_of(
            work.connection, of_library, as_of_date=work.build.as_of_date, key=key
        )
        path = folder / f"{library}.duckdb"
        written_in = link_unchanged(
            path, previous, fingerprint=fingerprint, contents=contents, key=key
        )
        if written_in is None:
            write_library(
                work.connection,
                path,
                library=library,
                plans=of_library,
                contents=contents,
                build=work.build,
                key=key,
            )
        rows = {name: content.rows for name, content in contents.items()}
        files.append(PublishedFile(library, path, rows, is_linked=written_in is not None))
        records[library] = LibraryRecord(
            fingerprint=fingerprint, written_in=written_in or work.build.batch, tables=rows
        )
    _write_record(folder, work.build, audience, records)
    return PublishedVersion(audience.name, folder, tuple(files))


def _write_record(
    folder: Path, build: Build, audience: Audience, libraries: dict[str, LibraryRecord]
) -> None:
    record = VersionRecord(
        batch=build.batch,
        audience=audience.name,
        published_at=build.published_at,
        as_of_date=build.as_of_date,
        cut_id=build.cut_id,
        libraries=libraries,
    )
    path = folder / versions.RECORD
    path.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
    path.chmod(0o444)
    versions.sync_file(path)


def _swap(settings: Settings, *, build: Build, built: list[PublishedVersion]) -> Publication:
    """Move every audience's version into place, then make each current: the window is short."""
    installed = []
    for version in built:
        folder = versions.install(
            settings, version.audience, built=version.folder, batch=build.batch
        )
        files = tuple(
            PublishedFile(f.library, folder / f.path.name, f.tables, f.is_linked)
            for f in version.files
        )
        installed.append(PublishedVersion(version.audience, folder, files))
    for version in installed:
        versions.make_current(settings, version.audience, batch=build.batch)
    for version in installed:
        versions.prune(settings, version.audience)
    return Publication(
        batch=build.batch,
        published_at=build.published_at,
        as_of_date=build.as_of_date,
        cut_id=build.cut_id,
        versions=tuple(installed),
    )
