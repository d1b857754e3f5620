"""The ledger: one row per landed batch, and the row is the commit.

Add here reads and writes of the tables ``attempt``, ``batch``, ``cut``, ``store_identity`` and
``volume_acceptance``. Keep out: the columns
of a batch (``schema_version.py``), what batches make up a table (``content.py``), files
(``landing.py``) and DuckDB.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import sqlalchemy as sa

from citybase.store import reading, writing
from citybase.store.schema import (
    attempt,
    batch,
    cut,
    store_identity,
    volume_acceptance,
)
from sources.schema_version import current_version
from sources.tables import LandedTable
from sources.volume import Volume

Kind = Literal["base", "log"]
END_OF_TIME = datetime(9999, 12, 31)  # noqa: DTZ001 - as the store keeps instants


@dataclass(frozen=True)
class Batch:
    """A committed batch. Files are relative to the landing folder; instants are UTC.

    ``kind`` is ``base``, the whole content of the table, or ``log``, changes since the batch before
    it; rows of a log batch that were read and had not changed are counted in ``rows_unchanged``.
    ``rows_held`` is how many rows the table has behind the batch; None where nobody counted.
    """

    batch_id: int
    system_code: str
    table_code: str
    mode: str
    kind: Kind
    position: Mapping[str, str]
    files: tuple[str, ...]
    quarantine_files: tuple[str, ...]
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    rows_unchanged: int
    rows_held: int | None
    min_watermark: str | None
    max_watermark: str | None
    checksum: str
    schema_version: int
    started_at: datetime
    committed_at: datetime


@dataclass(frozen=True)
class TableTotal:
    """What the ledger knows about one table: its newest batch, all batches, its newest failure."""

    system_code: str
    table_code: str
    batches: int
    last: Batch | None
    failed_at: datetime | None
    error: str | None


def now() -> datetime:
    """The instant, as the store keeps it: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def begin_attempt(engine: sa.Engine, table: LandedTable) -> int:
    """Note that an extraction begins; the number it gets will be its batch's."""
    return begin_attempts(engine, [table])[0]


def begin_attempts(engine: sa.Engine, tables: Sequence[LandedTable]) -> list[int]:
    """Note that several begin, in this order; one table may come more than once."""
    numbers = []
    with writing(engine) as connection:
        for table in tables:
            number = connection.scalar(
                attempt.insert()
                .values(
                    system_code=table.system_code, table_code=table.table_code, started_at=now()
                )
                .returning(attempt.c.batch_id)
            )
            numbers.append(int(number or 0))
    return numbers


def end_attempt(engine: sa.Engine, batch_id: int, *, error: str | None = None) -> None:
    """Note that an extraction ended without a batch, and why when it failed."""
    with writing(engine) as connection:
        connection.execute(
            attempt.update()
            .where(attempt.c.batch_id == batch_id)
            .values(ended_at=now(), error=error)
        )


def commit(engine: sa.Engine, table: LandedTable, found: Batch) -> Batch:
    """Make a batch true, in one transaction: its schema version, its row, the end of its attempt.

    ``found.schema_version`` and ``found.committed_at`` are decided here.
    """
    return commit_all(engine, [(table, found)])[0]


def commit_all(
    engine: sa.Engine,
    found: Sequence[tuple[LandedTable, Batch]],
    *,
    beside: Callable[[sa.Connection, datetime], None] | None = None,
) -> list[Batch]:
    """Make several batches true at once; ``beside`` writes what has to be true with them."""
    committed = []
    with writing(engine) as connection:
        moment = now()
        for table, one in found:
            values = {
                **{column.name: getattr(one, column.name) for column in batch.columns},
                "position": dict(one.position),
                "files": list(one.files),
                "quarantine_files": list(one.quarantine_files),
                "schema_version": current_version(connection, table, moment),
                "committed_at": moment,
            }
            connection.execute(batch.insert().values(values))
            connection.execute(
                attempt.update().where(attempt.c.batch_id == one.batch_id).values(ended_at=moment)
            )
            committed.append(as_batch(values))
        if beside is not None:
            beside(connection, moment)
    return committed


def last_batch(engine: sa.Engine, system_code: str, table_code: str) -> Batch | None:
    """The newest committed batch of a table."""
    with reading(engine) as connection:
        row = connection.execute(
            sa.select(batch)
            .where(batch.c.system_code == system_code, batch.c.table_code == table_code)
            .order_by(batch.c.batch_id.desc())
            .limit(1)
        ).first()
    return as_batch(row._mapping) if row is not None else None


def is_landed_by_log(engine: sa.Engine, system_code: str, table_code: str) -> bool:
    """Whether the newest batch of a table is its log's: after another mode a stream begins anew."""
    last = last_batch(engine, system_code, table_code)
    return last is not None and last.mode == "log"


def accept_volume(engine: sa.Engine, batch_id: int) -> None:
    """Note that an operator vouches for the size of a committed batch."""
    with writing(engine) as connection:
        connection.execute(volume_acceptance.insert().values(batch_id=batch_id, accepted_at=now()))


def volumes(engine: sa.Engine, system_code: str, table_code: str) -> tuple[Volume, ...]:
    """The size of every batch that is the whole of a table, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            sa.select(
                batch.c.batch_id,
                batch.c.rows_read,
                batch.c.rows_landed,
                batch.c.rows_quarantined,
                volume_acceptance.c.batch_id.is_not(None).label("is_accepted"),
            )
            .select_from(batch.outerjoin(volume_acceptance))
            .where(
                batch.c.system_code == system_code,
                batch.c.table_code == table_code,
                batch.c.kind == "base",
            )
            .order_by(batch.c.batch_id)
        ).all()
    return tuple(Volume(**row._mapping) for row in rows)


def listed_files(engine: sa.Engine, system_code: str, table_code: str) -> set[str]:
    """Every file that some batch of the table lists."""
    with reading(engine) as connection:
        rows = connection.execute(
            sa.select(batch.c.files, batch.c.quarantine_files).where(
                batch.c.system_code == system_code, batch.c.table_code == table_code
            )
        )
        return {file for row in rows for files in row for file in files}


def attempted_batches(engine: sa.Engine, system_code: str, table_code: str) -> set[int]:
    """The number of every extraction of the table that this ledger knows to have begun."""
    with reading(engine) as connection:
        return set(
            connection.scalars(
                sa.select(attempt.c.batch_id).where(
                    attempt.c.system_code == system_code, attempt.c.table_code == table_code
                )
            )
        )


def identity(engine: sa.Engine) -> tuple[str, bool]:
    """Which ledger this is, and whether any extraction was ever begun in it."""
    with reading(engine) as connection:
        store_id = connection.scalar(sa.select(store_identity.c.store_id))
        is_used = connection.scalar(sa.select(sa.func.count()).select_from(attempt)) != 0
    return str(store_id), is_used


def record_cut(engine: sa.Engine, *, as_of: date, compaction_id: int) -> tuple[int, datetime]:
    """Number a new cut, which knows of compactions up to ``compaction_id``. Returns its number and
    instant.
    """
    moment = now()
    with writing(engine) as connection:
        number = connection.scalar(
            cut.insert()
            .values(bound_at=moment, as_of_date=as_of, compaction_id=compaction_id)
            .returning(cut.c.cut_id)
        )
        return int(number or 0), moment


def complete_cut(engine: sa.Engine, cut_id: int) -> None:
    """Note that the warehouse shows the cut."""
    with writing(engine) as connection:
        connection.execute(cut.update().where(cut.c.cut_id == cut_id).values(completed_at=now()))


def totals(engine: sa.Engine, *, as_of: datetime | None = None) -> tuple[TableTotal, ...]:
    """Every table that was ever tried, by system and table code; ``as_of`` an instant as the store
    keeps it, what was known then.
    """
    moment = as_of or END_OF_TIME
    newest_attempt = (
        sa.select(sa.func.max(attempt.c.batch_id))
        .where(attempt.c.started_at <= moment)
        .group_by(attempt.c.system_code, attempt.c.table_code)
    )
    newest_batch = (
        sa.select(sa.func.max(batch.c.batch_id))
        .where(batch.c.committed_at <= moment)
        .group_by(batch.c.system_code, batch.c.table_code)
    )
    counts = (
        sa.select(batch.c.system_code, batch.c.table_code, sa.func.count())
        .where(batch.c.committed_at <= moment)
        .group_by(batch.c.system_code, batch.c.table_code)
    )
    with reading(engine) as connection:
        tried = connection.execute(
            sa.select(attempt)
            .where(attempt.c.batch_id.in_(newest_attempt))
            .order_by(attempt.c.system_code, attempt.c.table_code)
        ).all()
        committed = {
            (row.system_code, row.table_code): as_batch(row._mapping)
            for row in connection.execute(
                sa.select(batch).where(batch.c.batch_id.in_(newest_batch))
            )
        }
        numbers = {(row[0], row[1]): int(row[2]) for row in connection.execute(counts)}
    return tuple(
        TableTotal(
            system_code=row.system_code,
            table_code=row.table_code,
            batches=numbers.get((row.system_code, row.table_code), 0),
            last=committed.get((row.system_code, row.table_code)),
            failed_at=row.ended_at if has_failed else None,
            error=row.error if has_failed else None,
        )
        for row in tried
        for has_failed in (row.error is not None and row.ended_at <= moment,)
    )


def as_batch(values: Mapping[str, object] | sa.RowMapping) -> Batch:
    """A row of the table ``batch`` as a fact."""
    facts = {field: values[field] for field in Batch.__dataclass_fields__}
    facts["files"] = tuple(facts["files"])  # type: ignore[arg-type]
    facts["quarantine_files"] = tuple(facts["quarantine_files"])  # type: ignore[arg-type]
    return Batch(**facts)  # type: ignore[arg-type]
