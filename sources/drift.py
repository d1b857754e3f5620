"""Columns that came, went or changed their types in a source that is asked (a log tells by itself).

What the source had is kept with each batch, as one short hash per column: so a column that came is
told from those the registry leaves out on purpose. It lands under ``_pending_<name>`` and is told;
one that went stops the batch and is told too. What is over is ended. Keep out: the wording of what
does not fit (``connectors/base.py``) and streams (``highway/``).
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import sqlalchemy as sa

from citybase.masking import mask_numbers
from sources import ledger
from sources.connectors.base import ColumnRetypedError, ColumnsChangedError, Session
from sources.contract import Column, Table
from sources.highway.change import pending_code
from sources.highway.progress import SourceEvent, end_events, open_events, tell
from sources.ledger import Batch
from sources.modes.extraction import IDENTITY, KNOWN, LAYOUT, Extraction
from sources.tables import landed_table

ADDED = "column_added"
DROPPED, RETYPED = ColumnsChangedError.kind, ColumnRetypedError.kind
ADDED_REMEDY = (
    "Add it to the registry with its name, type and class; until then its values land as "
    "_pending_<name>, and nobody reads them."
)
# The longest name, in bytes, that every database lets stand behind our prefixes.
_LONGEST_CODE = 50


@dataclass(frozen=True)
class Drift:
    """What became of a source's columns since the batch before: those ``added``, by name and type,
    and what the next batch keeps.
    """

    added: Mapping[str, str]
    position: Mapping[str, str]


def find_drift(table: Table, seen: Mapping[str, str], before: Batch | None) -> Drift:
    """Compare the columns a source has now with those it had.

    Without a batch before, or behind one of a log, every column counts as known: nobody can say
    what was left out on purpose.
    """
    declared = {column.source_name for column in table.columns}
    known = before.position.get(KNOWN) if before is not None else None
    added = {
        name: kind
        for name, kind in seen.items()
        if known is not None and name not in declared and _hash(name) not in known.split(".")
    }
    layout = " ".join(f"{name}:{kind}" for name, kind in seen.items() if name in declared)
    kept = sorted({_hash(name) for name in seen if name not in added})
    return Drift(added, {KNOWN: ".".join(kept), LAYOUT: _hash(layout)})


@contextmanager
def watched(extraction: Extraction) -> Iterator[Extraction]:
    """The extraction with whatever columns its source has; what came or went is told.

    Raises SourceError, of what is read within as well.
    """
    engine, session, table = extraction.attempt.engine, extraction.session, extraction.table
    system = session.system.system
    # Deliveries that each count have each their own columns, and one that does not fit is refused
    # by itself.
    seen = session.columns(table) if table.mode != "file_drop" else {}
    drift = find_drift(table, seen, ledger.last_batch(engine, system, table.table))
    _keep_told(engine, session, table, drift.added)
    try:
        whole = _extended(extraction, drift)
        is_mended = bool(_told(engine, session, table, DROPPED, RETYPED))
        yield replace(whole, is_mended=is_mended)
    except ColumnsChangedError as error:
        _tell(engine, session, table, error.kind, error.message, error.remedy)
        raise
    end_events(engine, system, DROPPED, RETYPED, table_code=table.table)


def end_what_is_over(engine: sa.Engine, session: Session, tables: Sequence[Table]) -> None:
    """Of tables that fit their registry entries again, as a stream of them begins."""
    for table in tables:
        declared = {column.source_name for column in table.columns}
        more = () if session.columns(table).keys() - declared else (ADDED,)
        end_events(engine, session.system.system, DROPPED, RETYPED, *more, table_code=table.table)


def _extended(extraction: Extraction, drift: Drift) -> Extraction:
    table, session = extraction.table, extraction.session
    columns = list(table.columns)
    taken = {column.column.lower() for column in columns}
    for name in drift.added if session.reads_undeclared else ():
        code = pending_code(name)
        # DuckDB takes Phone and phone for one name.
        if code.lower() not in taken and len(code.encode()) <= _LONGEST_CODE:
            taken.add(code.lower())
            columns.append(
                Column.model_construct(
                    column=code, source=name, name=name, type="varchar", format=None, nullable=True
                )
            )
    identity = session.identity(table)
    table = table.model_copy(update={"columns": columns})
    landed = landed_table(session.system, table)
    return replace(
        extraction,
        attempt=replace(extraction.attempt, table=landed),
        table=table,
        landed=landed,
        source={**drift.position, **({IDENTITY: identity} if identity else {})},
    )


def _keep_told(engine: sa.Engine, session: Session, table: Table, added: Mapping[str, str]) -> None:
    shown = ", ".join(f"{name} ({kind})" for name, kind in added.items())
    noun = "a column" if len(added) == 1 else "columns"
    message = session.sentence(table, f"has {noun} that the registry does not know: {shown}")
    told = _told(engine, session, table, ADDED)
    if told and (not added or told != [message]):
        end_events(engine, session.system.system, ADDED, table_code=table.table)
    if added:
        _tell(engine, session, table, ADDED, message, ADDED_REMEDY)


def _told(engine: sa.Engine, session: Session, table: Table, *kinds: str) -> list[str]:
    """What is said of the table, and not over."""
    return [
        event.message
        for event in open_events(engine)
        if (event.system_code, event.table_code) == (session.system.system, table.table)
        and event.kind in kinds
    ]


def _tell(
    engine: sa.Engine, session: Session, table: Table, kind: str, message: str, remedy: str
) -> None:
    event = SourceEvent(
        system_code=session.system.system,
        table_code=table.table,
        kind=kind,
        message=mask_numbers(message),
        remedy=remedy,
        happened_at=ledger.now(),
    )
    tell(engine, event)


def _hash(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
