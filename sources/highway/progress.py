"""How far each change stream has landed, and what happened to sources beside their rows.

Reads and writes of the tables ``stream`` and ``source_event``. A stream moves in the transaction of
the batches it moved by (``ledger.commit_all``). Keep out: batches, and what a position means.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from citybase.store import reading, writing
from citybase.store.schema import source_event, stream
from sources.ledger import now

# No membership that a server would name: whatever it says differs.
_UNSETTLED = "unsettled"


@dataclass(frozen=True)
class Progress:
    """Where a stream goes on. ``memberships``: per table code, under what its snapshot was taken;
    instants are UTC.
    """

    system_code: str
    position: str
    memberships: Mapping[str, str]
    begun_at: datetime
    moved_at: datetime


@dataclass(frozen=True)
class SourceEvent:
    """Something an operator should know about a source; ``ended_at`` says since when it is over."""

    system_code: str
    table_code: str | None
    kind: str
    message: str
    remedy: str
    happened_at: datetime
    ended_at: datetime | None = None


def progress(engine: sa.Engine, system_code: str) -> Progress | None:
    """How far the stream of a system has landed; None before its first snapshot is whole."""
    with reading(engine) as connection:
        row = connection.execute(
            sa.select(stream).where(stream.c.system_code == system_code)
        ).first()
    return Progress(**row._mapping) if row is not None else None


def begin_stream(
    engine: sa.Engine, system_code: str, *, position: str, memberships: Mapping[str, str]
) -> None:
    """Note where a stream begins: its snapshot has landed whole."""
    moment = now()
    with writing(engine) as connection:
        connection.execute(stream.delete().where(stream.c.system_code == system_code))
        connection.execute(
            stream.insert().values(
                system_code=system_code,
                position=position,
                memberships=dict(memberships),
                begun_at=moment,
                moved_at=moment,
            )
        )


def unsettle(engine: sa.Engine, system_code: str, table_code: str) -> None:
    """The log does not tell everything that became of a table: the next start takes a snapshot."""
    known = progress(engine, system_code)
    if known is None:
        return
    with writing(engine) as connection:
        connection.execute(
            stream.update()
            .where(stream.c.system_code == system_code)
            .values(memberships={**known.memberships, table_code: _UNSETTLED})
        )


def forget_stream(engine: sa.Engine, system_code: str) -> None:
    """A new snapshot is needed: until it is whole there is nowhere to go on."""
    with writing(engine) as connection:
        connection.execute(stream.delete().where(stream.c.system_code == system_code))


def moved(system_code: str, position: str) -> Callable[[sa.Connection, datetime], None]:
    """What to write beside the batches that brought a stream to ``position``."""

    def write(connection: sa.Connection, moment: datetime) -> None:
        connection.execute(
            stream.update()
            .where(stream.c.system_code == system_code)
            .values(position=position, moved_at=moment)
        )

    return write


def tell(engine: sa.Engine, event: SourceEvent) -> None:
    """Note an event, unless just that is known already and not over."""
    same_table = (
        source_event.c.system_code == event.system_code,
        source_event.c.table_code.is_(event.table_code)
        if event.table_code is None
        else source_event.c.table_code == event.table_code,
    )
    with writing(engine) as connection:
        known = connection.scalar(
            sa.select(sa.func.count())
            .select_from(source_event)
            .where(
                *same_table,
                source_event.c.kind == event.kind,
                source_event.c.message == event.message,
                source_event.c.ended_at.is_(None),
            )
        )
        if known:
            return
        connection.execute(
            source_event.insert().values(
                **{name: getattr(event, name) for name in SourceEvent.__dataclass_fields__}
            )
        )


def end_events(
    engine: sa.Engine, system_code: str, *kinds: str, table_code: str | None = None
) -> None:
    """What is over: open events of these kinds; those of one table, where it is named."""
    of_table = () if table_code is None else (source_event.c.table_code == table_code,)
    with writing(engine) as connection:
        connection.execute(
            source_event.update()
            .where(
                source_event.c.system_code == system_code,
                source_event.c.kind.in_(kinds),
                *of_table,
                source_event.c.ended_at.is_(None),
            )
            .values(ended_at=now())
        )


def open_events(engine: sa.Engine) -> tuple[SourceEvent, ...]:
    """Everything that is not over, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            sa.select(source_event)
            .where(source_event.c.ended_at.is_(None))
            .order_by(source_event.c.event_id)
        ).all()
    fields = SourceEvent.__dataclass_fields__
    return tuple(SourceEvent(**{name: row._mapping[name] for name in fields}) for row in rows)
