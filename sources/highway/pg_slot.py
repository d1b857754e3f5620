"""Publication and replication slot of a PostgreSQL system: seen to, watched and dropped.

These are the only things citybase ever makes in a source. Add here what is asked of slot or
publication. Keep out: whether they may be made at all (``pg_checks.py``), making the slot together
with its snapshot (``pg_snapshot.py``) and reading it (``pg_stream.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from citybase.duck import literal, quoted
from sources.highway.errors import PositionLostError
from sources.highway.pg_checks import check_capture
from sources.highway.pg_source import PostgresLog, lsn_number

_PUBLICATION = """
    select
        p.puballtables,
        p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate,
        array_remove(array_agg(n.nspname || '.' || c.relname), null),
        coalesce(bool_or({thinned}), false),
        {has_schemas}
    from pg_publication as p
    left join pg_publication_rel as r on r.prpubid = p.oid
    left join pg_class as c on c.oid = r.prrelid
    left join pg_namespace as n on n.oid = c.relnamespace
    where p.pubname = %s
    group by p.oid, p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate
"""
# A table that is taken out and put in again gets another number.
_MEMBERSHIPS = """
    select c.relname::text, p.oid::text || '.' || r.oid::text
    from pg_publication as p
    inner join pg_publication_rel as r on r.prpubid = p.oid
    inner join pg_class as c on c.oid = r.prrelid
    inner join pg_namespace as n on n.oid = c.relnamespace
    where p.pubname = %s and n.nspname = %s
"""
_NOW = """
    select
        case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end
        as lsn
"""
_SLOT = f"""
    select
        s.active_pid,
        s.wal_status,
        pg_wal_lsn_diff(now_at.lsn, s.restart_lsn)::bigint,
        pg_wal_lsn_diff(now_at.lsn, s.confirmed_flush_lsn)::bigint,
        s.safe_wal_size,
        pg_wal_lsn_diff(s.confirmed_flush_lsn, '0/0')::bigint
    from pg_replication_slots as s
    cross join ({_NOW}) as now_at
    where s.slot_name = %s
"""


@dataclass(frozen=True)
class SlotState:
    """What the server keeps for us. ``retained_bytes`` of log, of which ``behind_bytes`` are not
    acknowledged; ``left_bytes`` until we lose our place, None when nothing bounds it.
    ``wal_status`` is the server's word: reserved, extended, unreserved, lost.
    """

    name: str
    active_pid: int | None
    wal_status: str
    retained_bytes: int
    behind_bytes: int
    left_bytes: int | None
    confirmed_lsn: int

    @property
    def is_lost(self) -> bool:
        """Whether changes are gone that we have not read."""
        return self.wal_status == "lost"


def publish(log: PostgresLog) -> Mapping[str, str]:
    """Check everything, then see that the publication has the log tables and nothing else.

    To be called before every start of the stream: newer servers send nothing at all for a
    publication that is gone, and do not complain. Returns for each table's code its membership: a
    table whose membership is not the one that its snapshot was taken under may have missed changes
    in between, and needs a new snapshot.

    Raises:
        CaptureRefusedError: a check fails, or we may not; the remedy is what the department's
            administrator runs.
    """
    with log.connect() as connection:
        check_capture(log, connection)
        statements = _publication_changes(log, connection)
        try:
            for statement in statements:
                connection.execute(statement.encode())
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
            raise log.refused(
                f"does not have the publication {log.name} as it should be, and this user may not "
                "change it",
                remedy=f"Ask for: {' '.join(statements)} {log.owner}",
            ) from None
        except psycopg.errors.LockNotAvailable:
            raise log.refused(
                "is being altered at this moment: a table could not be published without waiting",
                remedy="Try again later.",
            ) from None
    return memberships(log)


def memberships(log: PostgresLog) -> Mapping[str, str]:
    """What ``publish`` returns, without changing anything: for each published table's code its
    membership. Cheap enough to be asked every minute, for a table that somebody else takes out.
    """
    with log.connect() as connection:
        members = dict(connection.execute(_MEMBERSHIPS, (log.name, log.schema)).fetchall())
    return {
        table.table: str(members[table.source_name])
        for table in log.tables
        if table.source_name in members
    }


def slot_state(log: PostgresLog) -> SlotState | None:
    """The slot as the server has it now; None when there is none."""
    with log.connect() as connection:
        row = connection.execute(_SLOT.encode(), (log.name,)).fetchone()
    if row is None:
        return None
    pid, status, retained, behind, left, confirmed = row
    return SlotState(log.name, pid, status, retained or 0, behind or 0, left, confirmed or 0)


def current_lsn(log: PostgresLog) -> int:
    """The place in the server's log where it writes now."""
    with log.connect() as connection:
        row = connection.execute(f"select lsn::text from ({_NOW}) as now_at".encode()).fetchone()
    return lsn_number(str(row[0])) if row else 0


def require_slot(log: PostgresLog) -> SlotState:
    """The slot, if changes can still be read from it.

    Raises:
        PositionLostError: there is none, or the server has thrown its log away.
    """
    state = slot_state(log)
    if state is not None and not state.is_lost:
        return state
    why = (
        f"has no replication slot {log.name} any more"
        if state is None
        else f"has thrown away the log that slot {log.name} had not read: we were further behind "
        "than max_slot_wal_keep_size allows"
    )
    raise PositionLostError(
        log.sentence(why),
        remedy="Changes are missing from here on. Drop the slot and let the highway take a new "
        "snapshot of the system's tables; the rows landed so far keep serving until it is there.",
    )


def drop_slot(log: PostgresLog) -> bool:
    """Drop the slot; False when there was none. What it kept is gone: only a snapshot can follow.

    Raises:
        CaptureRefusedError: somebody is reading it.
    """
    with log.connect() as connection:
        try:
            found = connection.execute(
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots "
                "where slot_name = %s",
                (log.name,),
            ).fetchall()
        except psycopg.errors.ObjectInUse as error:
            raise log.refused(
                f"has its slot in use: {log.without_secret(str(error))}",
                remedy="Stop the highway that reads it (`citybase highway status`), then repeat.",
            ) from None
    return bool(found)


def drop_publication(log: PostgresLog) -> bool:
    """Drop the publication; False when there was none.

    Raises:
        CaptureRefusedError: it belongs to somebody else; the remedy is the SQL to ask for.
    """
    statement = f"drop publication {quoted(log.name)};"
    with log.connect() as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.errors.UndefinedObject:
            return False
        except psycopg.errors.InsufficientPrivilege:
            raise log.refused(
                f"has a publication {log.name} that this user may not drop",
                remedy=f"Ask for: {statement} {log.owner}",
            ) from None
    return True


def _publication_changes(log: PostgresLog, connection: psycopg.Connection[Any]) -> list[str]:
    """The statements that make the publication what it should be; none when it is."""
    name = quoted(log.name)
    tables = ", ".join(log.qualified(table) for table in log.tables)
    create = f"create publication {name} for table {tables};"
    thinned, has_schemas = "false", "false"
    if connection.info.server_version >= 150000:
        thinned = "r.prqual is not null or r.prattrs is not null"
        has_schemas = "exists(select from pg_publication_namespace as s where s.pnpubid = p.oid)"
    query = _PUBLICATION.format(thinned=thinned, has_schemas=has_schemas)
    row = connection.execute(query.encode(), (log.name,)).fetchone()
    if row is None:
        return [create]
    has_all_tables, has_all_kinds, published, is_thinned, has_whole_schemas = row
    if has_all_tables or has_whole_schemas:
        return [f"drop publication {name};", create]
    changes = []
    if not has_all_kinds:
        kinds = literal("insert, update, delete, truncate")
        changes.append(f"alter publication {name} set (publish = {kinds});")
    wanted = {f"{log.schema}.{table.source_name}" for table in log.tables}
    if set(published) != wanted or is_thinned:
        changes.append(f"alter publication {name} set table {tables};")
    return changes
