"""Which files of the last version stand as they are: their fingerprints, and links to them.

Add to the fingerprint whatever else makes a file what it is. Keep out: writing files
(``library_file.py``) and the order of a publication (``publish.py``).
"""

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import duckdb

from citybase.errors import WarehouseError
from citybase.serving import versions
from citybase.serving.audience import Audience
from citybase.serving.library_file import check_library
from citybase.serving.plan import TablePlan, describe
from citybase.serving.versions import VersionRecord
from citybase.serving.warehouse import TableContent, read_content
from citybase.settings import Settings

_FORMAT = 1
"""Counts changes of this room that alter a file whose plan and rows stay the same."""


def previous_version(settings: Settings, audience: Audience) -> tuple[Path, VersionRecord] | None:
    """The folder and record of the version that is current now."""
    if versions.current_version(settings, audience.name) is None:
        return None
    folder = versions.version_folder(settings, audience.name)
    record = versions.read_record(folder)
    return (folder, record) if record is not None else None


def fingerprint_of(
    connection: duckdb.DuckDBPyConnection,
    plans: tuple[TablePlan, ...],
    *,
    as_of_date: date,
    key: str | None,
) -> tuple[dict[str, TableContent], str]:
    """What each table holds, by its name, and a digest of all that makes the file what it is.

    It covers the plan (tables, columns, masks, comments, order), the rows as published, the key,
    the day they stand for, the version of DuckDB and of this room; not the batch, the cut and the
    time, which say when the file was written.
    """
    contents: dict[str, TableContent] = {}
    parts: list[object] = [_FORMAT, duckdb.__version__, as_of_date.isoformat()]
    if key is not None:
        parts.append(hashlib.sha256(b"citybase file key " + key.encode()).hexdigest())
    for plan in plans:
        names = tuple(column.name for column in plan.columns)
        content = read_content(connection, names, rows_sql=plan.rows_sql)
        contents[plan.table] = content
        parts.append([describe(plan), _types(connection, plan), content.rows, content.row_hash])
    text = json.dumps(parts, ensure_ascii=False)
    return contents, hashlib.sha256(text.encode()).hexdigest()


def _types(connection: duckdb.DuckDBPyConnection, plan: TablePlan) -> list[str]:
    described = connection.execute(f"describe {plan.rows_sql}").fetchall()
    return [str(row[1]) for row in described]


def link_unchanged(
    path: Path,
    previous: tuple[Path, VersionRecord] | None,
    *,
    fingerprint: str,
    contents: Mapping[str, TableContent],
    key: str | None,
) -> int | None:
    """Link to the previous version's file when nothing changed; the batch that wrote that file."""
    if previous is None:
        return None
    folder, record = previous
    known = record.libraries.get(path.stem)
    if known is None or known.fingerprint != fingerprint:
        return None
    try:
        check_library(folder / path.name, contents=contents, key=key)
        os.link(folder / path.name, path)
    except (OSError, WarehouseError):
        # A damaged file, or a file system without hard links: the file is written anew.
        return None
    return known.written_in
