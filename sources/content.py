"""Which committed batches make up a table: its newest base, and the changes since.

Every question about which files count is answered here, in one consistent reading of the ledger.
Batches whose segments were written together again (``compaction.py``) appear as the last of them,
with the new file. Keep out: writing the ledger (``ledger.py``) and the SQL that reads the files
(``relation.py``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from citybase.store import reading
from citybase.store.schema import batch, compaction, schema_version
from sources.ledger import Batch, Kind, as_batch
from sources.schema_version import stored_columns
from sources.tables import LandedColumn

_Key = tuple[str, str]


@dataclass(frozen=True)
class Content:
    """What makes up a table, oldest first.

    ``base`` and the ``logs`` since it are the rows as they are. ``origin`` is the base as the
    source gave it, where a compaction has since made a newer one, and ``earlier`` are the logs
    before ``base``: with them history is whole. ``quarantine_files`` are those of all batches from
    ``origin`` on; ``columns`` what each schema version promised.
    """

    base: Batch | None
    logs: tuple[Batch, ...]
    earlier: tuple[Batch, ...]
    columns: Mapping[int, tuple[LandedColumn, ...]]
    origin: Batch | None = None
    quarantine_files: tuple[str, ...] = ()

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The batches that the current rows come from."""
        return (*((self.base,) if self.base else ()), *self.logs)

    @property
    def history(self) -> tuple[Batch, ...]:
        """The batches that hold every change on record."""
        origin = self.origin or self.base
        return (*self.earlier, *((origin,) if origin else ()), *self.logs)

    @property
    def files(self) -> set[str]:
        """Every landed file that somebody may read, relative to the landing folder."""
        listed = {file for one in (*self.batches, *self.history) for file in one.files}
        return listed | set(self.quarantine_files)


NOTHING = Content(base=None, logs=(), earlier=(), columns={})


@dataclass(frozen=True)
class Reading:
    """The content of all tables at one moment, and the newest compaction that it knows of."""

    tables: Mapping[_Key, Content]
    compaction_id: int


def contents(engine: sa.Engine) -> Reading:
    """What every table consists of at this moment, in one consistent reading."""
    with reading(engine) as connection:
        newest = connection.scalar(sa.select(sa.func.max(compaction.c.compaction_id)))
        return Reading(_contents(connection), int(newest or 0))


def table_content(engine: sa.Engine, system_code: str, table_code: str) -> Content:
    """What one table consists of at this moment."""
    with reading(engine) as connection:
        key = (system_code, table_code)
        return _contents(connection, key).get(key, NOTHING)


def _contents(connection: sa.Connection, key: _Key | None = None) -> Mapping[_Key, Content]:
    columns: dict[_Key, dict[int, tuple[LandedColumn, ...]]] = {}
    for row in connection.execute(_of(sa.select(schema_version), schema_version, key)):
        found = columns.setdefault((row.system_code, row.table_code), {})
        found[row.version] = stored_columns(row.columns)
    compacted: dict[_Key, list[sa.Row[Any]]] = {}
    in_force = sa.select(compaction).where(compaction.c.replaced_by.is_(None))
    for row in connection.execute(_of(in_force, compaction, key)):
        compacted.setdefault((row.system_code, row.table_code), []).append(row)
    batches: dict[_Key, list[Batch]] = {}
    for one in columns:
        live = _live(connection, one, compacted.get(one, []))
        if live:
            batches[one] = live
    return {
        one: _content(found, compacted.get(one, []), columns[one]) for one, found in batches.items()
    }


def _of(query: sa.Select[Any], table: sa.Table, key: _Key | None) -> sa.Select[Any]:
    if key is None:
        return query
    return query.where(table.c.system_code == key[0], table.c.table_code == key[1])


def _live(connection: sa.Connection, key: _Key, compacted: Sequence[sa.Row[Any]]) -> list[Batch]:
    """Of the many batches of a stream: the newest base, what is not written together yet, the last
    of what is, and whatever has something in quarantine.

    Each is a branch of its own, so that an index leads there, past all the others.
    """
    newest = sa.select(sa.func.max(batch.c.batch_id)).where(batch.c.kind == "base")
    written = max((row.to_batch for row in compacted if row.kind == "log"), default=0)
    parts = (
        batch.c.batch_id == _of(newest, batch, key).scalar_subquery(),
        sa.and_(batch.c.kind == "log", batch.c.batch_id > written),
        batch.c.batch_id.in_([row.to_batch for row in compacted]),
        batch.c.rows_quarantined > 0,
    )
    query = sa.union_all(*(_of(sa.select(batch), batch, key).where(part) for part in parts))
    found = {row.batch_id: as_batch(row._mapping) for row in connection.execute(query)}
    return [found[number] for number in sorted(found)]


def _content(
    found: Sequence[Batch],
    compacted: Sequence[sa.Row[Any]],
    columns: Mapping[int, tuple[LandedColumn, ...]],
) -> Content:
    by_id = {one.batch_id: one for one in found}
    origin = max((one for one in found if one.kind == "base"), key=_number, default=None)
    begun = origin.batch_id if origin is not None else 0
    base = origin
    ranges = [row for row in compacted if row.kind == "log"]
    for row in compacted:
        if row.kind == "base" and row.to_batch >= begun:
            base = _written_again(by_id[row.to_batch], row, kind="base")
    # What `_live` does not ask for is in one of the ranges.
    written = max((row.to_batch for row in ranges), default=0)
    logs = sorted(
        (
            *(_written_again(by_id[row.to_batch], row, kind="log") for row in ranges),
            *(one for one in found if one.kind == "log" and one.batch_id > written),
        ),
        key=_number,
    )
    since = base.batch_id if base is not None else 0
    return Content(
        base=base,
        logs=tuple(one for one in logs if one.batch_id > since),
        earlier=tuple(one for one in logs if one.batch_id <= since),
        columns=columns,
        origin=origin,
        quarantine_files=tuple(
            file for one in found if one.batch_id >= begun for file in one.quarantine_files
        ),
    )


def _written_again(last: Batch, row: sa.Row[Any], *, kind: Kind) -> Batch:
    return replace(
        last,
        kind=kind,
        files=tuple(row.files),
        rows_landed=row.rows,
        # Counted anew: the batches behind it go on from there.
        rows_held=row.rows if kind == "base" else last.rows_held,
        schema_version=row.schema_version,
    )


def _number(one: Batch) -> int:
    return one.batch_id
