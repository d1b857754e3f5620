"""Compaction: many small segments become one, and a long log becomes a new base.

No change is lost: what a new base makes superfluous for current rows stays, written together, as
history. It works on committed batches alone, so that streams land on behind it; only files that
nobody can be reading are deleted. Keep out: what makes up a table (``content.py``).
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from citybase.duck import connect, literal
from citybase.lock import held
from citybase.settings import Settings
from citybase.store import reading, writing
from citybase.store.schema import batch as batches
from citybase.store.schema import compaction
from sources import landing, ledger
from sources.content import Content, table_content
from sources.lease import leased, unread_before
from sources.ledger import Batch, Kind
from sources.relation import current_rows
from sources.schema_version import current_version
from sources.segment import count_rows
from sources.tables import LandedTable

# A log becomes a new base when it exceeds a tenth of the old one. Segments are merged when more
# than so many have come, merged ones again when there are so many: with what comes until somebody
# looks (`highway/compactor.py`) fifty at most are live.
LOG_SHARE = 0.1
FRESH_SEGMENTS = 16
MERGED_SEGMENTS = 12
# Below that a new base saves nothing that anybody would notice.
_SMALL_LOG = 1_000
_MEMORY = "2GB"
_PARQUET = "(format parquet, compression zstd)"


@dataclass(frozen=True)
class Compacted:
    """What was written together: so many segments, of so many rows; a new base, or none."""

    table: str
    segments: int
    rows: int
    made_base: bool


@dataclass(frozen=True)
class _Plan:
    content: Content
    live: tuple[Batch, ...]
    whole_log: bool
    makes_base: bool

    @property
    def rows(self) -> int:
        return sum(one.rows_landed for one in self.live)


@dataclass(frozen=True)
class _Written:
    kind: Kind
    first: Batch
    last: Batch
    file: Path
    rows: int


def compact(
    settings: Settings, engine: sa.Engine, table: LandedTable, *, at_once: bool = False
) -> Compacted | None:
    """Write a table's segments together if there is reason to, or ``at_once``.

    Raises:
        LockedError: another process compacts the table.
    """
    if _planned(engine, table, at_once=at_once) is None:
        return None
    with _locked(settings, table) as folder, leased(engine, f"compaction of {table.name}"):
        _sweep_unfinished(settings, engine, table, folder)
        plan = _planned(engine, table, at_once=at_once)
        if plan is None:
            return None
        content = plan.content
        with connect(scratch=settings.scratch / "compaction", memory_limit=_MEMORY) as duck:
            duck.execute("set preserve_insertion_order = true")
            written = [
                _merged(settings, duck, run, folder)
                for run in _runs(content, whole_log=plan.whole_log)
            ]
            if plan.makes_base:
                written.append(_base(settings, duck, table, content, folder))
        for one in written:
            landing.make_durable(settings, one.file)
        _commit(settings, engine, table, written)
    return Compacted(table.name, len(plan.live), plan.rows, plan.makes_base)


def is_crowded(engine: sa.Engine, table: LandedTable) -> bool:
    """Whether so many segments have come that they should be merged; asks for no more than that."""
    mine = (batches.c.system_code == table.system_code, batches.c.table_code == table.table_code)
    merged = (
        sa.select(sa.func.coalesce(sa.func.max(compaction.c.to_batch), 0))
        .where(
            compaction.c.kind == "log",
            compaction.c.replaced_by.is_(None),
            compaction.c.system_code == table.system_code,
            compaction.c.table_code == table.table_code,
        )
        .scalar_subquery()
    )
    with reading(engine) as connection:
        fresh = connection.scalar(
            sa.select(sa.func.count()).where(
                *mine,
                batches.c.batch_id > merged,
                batches.c.kind == "log",
                batches.c.rows_landed > 0,
            )
        )
    return int(fresh or 0) > FRESH_SEGMENTS


def sweep_replaced(settings: Settings, engine: sa.Engine) -> list[Path]:
    """Delete the files that a compaction replaced and that nobody can be reading any more."""
    known = unread_before(engine)
    with reading(engine) as connection:
        query = sa.select(compaction).where(compaction.c.swept_at.is_(None))
        if known is not None:
            query = query.where(compaction.c.compaction_id <= known)
        due = connection.execute(query.order_by(compaction.c.compaction_id)).all()
    deleted = []
    for row in due:
        content = table_content(engine, row.system_code, row.table_code)
        for file in _replaced(engine, row) - content.files:
            path = settings.landing / file
            if path.exists():
                path.unlink()
                deleted.append(path)
        with writing(engine) as connection:
            connection.execute(
                compaction.update()
                .where(compaction.c.compaction_id == row.compaction_id)
                .values(swept_at=ledger.now())
            )
    return deleted


@contextmanager
def _locked(settings: Settings, table: LandedTable) -> Iterator[Path]:
    folder = landing.compaction_folder(settings, table.system_code, table.table_code)
    folder.mkdir(parents=True, exist_ok=True)
    what = f"compaction of {table.system_code}.{table.table_code}"
    with held(folder / ".lock", "compaction", what=what):
        yield folder


def _planned(engine: sa.Engine, table: LandedTable, *, at_once: bool) -> _Plan | None:
    """What there is to do, or None."""
    content = table_content(engine, table.system_code, table.table_code)
    live = tuple(one for one in content.logs if one.files)
    rows = sum(one.rows_landed for one in live)
    base_rows = content.base.rows_landed if content.base is not None else 0
    is_long = at_once or rows > max(LOG_SHARE * base_rows, _SMALL_LOG)
    makes_base = table.mode != "append_only" and content.base is not None and bool(live) and is_long
    again = [one for one in live if _is_merged(one)]
    fresh = len(live) - len(again)
    if not makes_base and fresh <= FRESH_SEGMENTS and not (at_once and len(live) > 1):
        return None
    return _Plan(
        content=content,
        live=live,
        whole_log=makes_base or at_once or len(again) >= MERGED_SEGMENTS,
        makes_base=makes_base,
    )


def _runs(content: Content, *, whole_log: bool) -> Iterator[list[Batch]]:
    """What becomes one file each: neighbours of one schema version, history first.

    Everything that is not merged yet is in one of them, so that the merged part of a log has no
    gaps. What is merged stays as it is, unless the ``whole_log`` since the base becomes one.
    """
    for part, again in ((content.earlier, False), (content.logs, whole_log)):
        run: list[Batch] = []
        for one in part:
            if not one.files or (_is_merged(one) and not again):
                continue
            if run and one.schema_version != run[-1].schema_version:
                yield run
                run = []
            run.append(one)
        if run and not (len(run) == 1 and _is_merged(run[0])):
            yield run


def _is_merged(one: Batch) -> bool:
    return any(landing.is_compacted(file) for file in one.files)


def _merged(
    settings: Settings, duck: duckdb.DuckDBPyConnection, run: Sequence[Batch], folder: Path
) -> _Written:
    """The changes of some batches as they landed, pending columns and all, in one file."""
    files = [str(path) for one in run for path in landing.absolute(settings, one.files)]
    listed = ", ".join(literal(file) for file in files)
    query = f"from read_parquet([{listed}]) order by _batch_id, _position"
    return _write(duck, "log", run[0], run[-1], query, folder)


def _base(
    settings: Settings,
    duck: duckdb.DuckDBPyConnection,
    table: LandedTable,
    content: Content,
    folder: Path,
) -> _Written:
    """The rows as they are after the last batch."""
    last = content.batches[-1]
    query = current_rows(settings, table, content)
    return _write(duck, "base", last, last, query, folder)


def _write(
    duck: duckdb.DuckDBPyConnection,
    kind: Kind,
    first: Batch,
    last: Batch,
    query: str,
    folder: Path,
) -> _Written:
    # A range may be written again up to the same batch while the old file is being read.
    file = folder / f"{last.batch_id}.{kind}.{secrets.token_hex(4)}.parquet"
    duck.execute(f"copy ({query}) to {literal(str(file))} {_PARQUET}")
    return _Written(kind, first, last, file, count_rows([file], duck=duck))


def _commit(
    settings: Settings, engine: sa.Engine, table: LandedTable, written: Sequence[_Written]
) -> None:
    """Make it true in one transaction: until then the old segments count."""
    with writing(engine) as connection:
        moment = ledger.now()
        for one in written:
            version = (
                current_version(connection, table, moment)
                if one.kind == "base"
                else one.last.schema_version
            )
            number = connection.scalar(
                compaction.insert()
                .values(
                    system_code=table.system_code,
                    table_code=table.table_code,
                    kind=one.kind,
                    from_batch=one.first.batch_id,
                    to_batch=one.last.batch_id,
                    files=[landing.relative(settings, one.file)],
                    rows=one.rows,
                    schema_version=version,
                    committed_at=moment,
                )
                .returning(compaction.c.compaction_id)
            )
            connection.execute(_replacement(table, one, int(number or 0)))


def _replacement(table: LandedTable, one: _Written, number: int) -> sa.Update:
    """Of bases the newest counts, of ranges of a log those that lie in no newer one."""
    lies_within = compaction.c.to_batch.between(one.first.batch_id, one.last.batch_id)
    return (
        compaction.update()
        .where(
            compaction.c.system_code == table.system_code,
            compaction.c.table_code == table.table_code,
            compaction.c.kind == one.kind,
            compaction.c.replaced_by.is_(None),
            compaction.c.compaction_id < number,
            lies_within if one.kind == "log" else sa.true(),
        )
        .values(replaced_by=number)
    )


def _sweep_unfinished(
    settings: Settings, engine: sa.Engine, table: LandedTable, folder: Path
) -> None:
    """Delete what a compaction left that was killed before it counted."""
    with reading(engine) as connection:
        rows: list[list[str]] = list(
            connection.scalars(
                sa.select(compaction.c.files).where(
                    compaction.c.system_code == table.system_code,
                    compaction.c.table_code == table.table_code,
                )
            )
        )
    listed = {file for files in rows for file in files}
    for file in folder.glob("*.parquet"):
        if landing.relative(settings, file) not in listed:
            file.unlink()


def _replaced(engine: sa.Engine, row: sa.Row[Any]) -> set[str]:
    """The files that a compaction, or one before it, made superfluous."""
    mine = (
        batches.c.system_code == row.system_code,
        batches.c.table_code == row.table_code,
    )
    its = (
        compaction.c.system_code == row.system_code,
        compaction.c.table_code == row.table_code,
        compaction.c.kind == row.kind,
        compaction.c.compaction_id < row.compaction_id,
        compaction.c.to_batch <= row.to_batch,
    )
    with reading(engine) as connection:
        listed: list[list[str]] = list(
            connection.scalars(sa.select(compaction.c.files).where(*its))
        )
        if row.kind == "log":
            listed += connection.scalars(
                sa.select(batches.c.files).where(
                    *mine,
                    batches.c.kind == "log",
                    batches.c.batch_id.between(row.from_batch, row.to_batch),
                )
            )
    return {file for files in listed for file in files}
