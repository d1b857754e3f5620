"""What must hold before a PostgreSQL system is captured by its log, so that it takes no harm and
nothing is missed.

Each check asks the catalogue only, and its error says what the department's administrator has to
run. Add a check here with a test that watches it refuse. Keep out: what changes the source
(``pg_slot.py``).
"""

from dataclasses import dataclass
from typing import Any

import psycopg

from citybase.duck import quoted
from sources.contract import Table
from sources.highway.pg_source import PostgresLog

_OLDEST = 130000  # the first whose slots can be bounded

_SERVER = """
    select
        current_setting('server_version_num')::integer,
        current_setting('wal_level'),
        pg_encoding_to_char(d.encoding),
        r.rolreplication or r.rolsuper,
        (select s.setting::bigint from pg_settings as s where s.name = 'max_slot_wal_keep_size'),
        current_setting('max_replication_slots')::integer
            - (select count(*) from pg_replication_slots)
    from pg_database as d
    cross join pg_roles as r
    where d.datname = current_database() and r.rolname = session_user
"""
_TABLE = """
    select
        c.oid,
        c.relkind,
        c.relpersistence,
        c.relreplident,
        has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'),
        row_security_active(c.oid),
        exists(select from pg_inherits as i where i.inhparent = c.oid or i.inhrelid = c.oid),
        array(
            select a.attname::text
            from pg_attribute as a
            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        ),
        array(
            select a.attname::text
            from pg_attribute as a
            where a.attrelid = c.oid and a.attgenerated <> ''
        )
    from pg_class as c
    inner join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = %s and c.relname = %s
"""
# What updates and deletes say of the row they mean.
_IDENTITY = """
    select a.attname::text
    from pg_index as i
    inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where
        i.indrelid = %s
        and i.indisvalid
        and i.indimmediate
        and case %s when 'd' then i.indisprimary when 'i' then i.indisreplident end
"""


@dataclass(frozen=True)
class _Found:
    """One table as the catalogue has it."""

    oid: int
    kind: str
    persistence: str
    identity: str
    is_readable: bool
    hides_rows: bool
    inherits: bool
    columns: list[str]
    generated: list[str]


def check_capture(log: PostgresLog, connection: psycopg.Connection[Any]) -> None:
    """Ask everything that can be asked before publication and slot are made.

    Raises:
        CaptureRefusedError: one thing is missing; the remedy is the SQL that provides it.
    """
    check_server(log, connection)
    if not log.tables:
        raise log.refused(
            "has no table in `mode: log`", remedy="Write `mode: log` for one in the registry."
        )
    for table in log.tables:
        check_table(log, table, connection)


def check_server(log: PostgresLog, connection: psycopg.Connection[Any]) -> None:
    """Version, ``wal_level``, encoding, the user's right. Raises CaptureRefusedError."""
    version, wal_level, encoding, may_replicate, _, _ = _server(log, connection)
    if version < _OLDEST:
        raise log.refused(
            f"runs PostgreSQL {version // 10000}, whose replication slots cannot be bounded: they "
            "could fill its disk",
            remedy="Choose another `mode:` for its tables, or ask for PostgreSQL 13 or newer. "
            f"{log.owner}",
        )
    if wal_level != "logical":
        raise log.refused(
            f"writes no logical log (wal_level is {wal_level})",
            remedy=f"Ask for: alter system set wal_level = 'logical'; and a restart. {log.owner}",
        )
    if encoding != "UTF8":
        raise log.refused(
            f"keeps its texts in {encoding}; a text that does not convert would stop the stream",
            remedy="Choose another `mode:` for its tables: hash_diff also finds every change.",
        )
    if not may_replicate:
        raise log.refused(
            f"does not let {log.user} replicate",
            remedy=f"Ask for: alter role {quoted(log.user)} replication; {log.owner}",
        )


def check_slot_is_bounded(log: PostgresLog, connection: psycopg.Connection[Any]) -> None:
    """A slot that nobody reads must not fill the source's disk, and there must be room for one.

    Raises CaptureRefusedError.
    """
    *_, keep_megabytes, free_slots = _server(log, connection)
    if keep_megabytes is None or keep_megabytes < 0:
        raise log.refused(
            "would keep its log for ever while we do not read it (max_slot_wal_keep_size is -1)",
            remedy="Ask for: alter system set max_slot_wal_keep_size = '20GB'; select "
            "pg_reload_conf(); with as much as its disk can spare: when we fall further behind, we "
            f"lose our place, not the department its disk. {log.owner}",
        )
    if free_slots < 1:
        raise log.refused(
            "has no replication slot left (max_replication_slots)",
            remedy="Ask for: alter system set max_replication_slots = …; and a restart. "
            f"{log.owner}",
        )


def check_table(log: PostgresLog, table: Table, connection: psycopg.Connection[Any]) -> None:
    """Whether publishing the table is harmless, and its log complete.

    Raises CaptureRefusedError.
    """
    row = connection.execute(_TABLE, (log.schema, table.source_name)).fetchone()
    if row is None:
        raise log.table_refused(
            table,
            f"does not exist in schema {log.schema}",
            remedy=f"If it was renamed, write the new name as `source:`. {log.owner}",
        )
    found = _Found(*row)
    name = log.qualified(table)
    if not found.is_readable:
        raise log.table_refused(
            table,
            "may not be read by this user",
            remedy=f"Ask for: grant usage on schema {quoted(log.schema)} to {quoted(log.user)}; "
            f"grant select on {name} to {quoted(log.user)}; {log.owner}",
        )
    _refuse_incomplete_log(log, table, found)
    _refuse_without_identity(log, table, found, connection)


def _refuse_incomplete_log(log: PostgresLog, table: Table, found: _Found) -> None:
    """Tables that change, or show rows, in ways that their log does not have."""
    other_mode = "Choose another `mode:` for it: hash_diff also finds every change."
    if found.kind == "p" or found.inherits:
        raise log.table_refused(
            table,
            "is partitioned or inherits: parts can come, go or be emptied without a word in the "
            "log",
            remedy=other_mode,
        )
    if found.kind != "r" or found.persistence != "p":
        raise log.table_refused(
            table, "is a view, foreign or unlogged and has no log", remedy=other_mode
        )
    if found.hides_rows:
        raise log.table_refused(
            table,
            "has row security, and the log would hand over what its policies hide from this user",
            remedy=f"{other_mode} If the department means to share every row, ask for: alter role "
            f"{quoted(log.user)} bypassrls; {log.owner}",
        )
    wanted = {column.source_name for column in table.columns}
    missing = sorted(wanted - set(found.columns))
    if missing:
        raise log.table_refused(
            table,
            f"lacks column {', '.join(missing)}",
            remedy=f"If it was renamed, write the new name as `source:`. {log.owner}",
        )
    generated = sorted(wanted & set(found.generated))
    if generated:
        raise log.table_refused(
            table,
            f"computes column {', '.join(generated)}, which its log does not carry",
            remedy=f"Take it out of the registry, or: {other_mode}",
        )


def _refuse_without_identity(
    log: PostgresLog, table: Table, found: _Found, connection: psycopg.Connection[Any]
) -> None:
    """A published table must say which row an update or a delete means: without, they fail there,
    in the department's own application.
    """
    name = log.qualified(table)
    if found.identity == "f":
        return
    identity = {
        str(column) for (column,) in connection.execute(_IDENTITY, (found.oid, found.identity))
    }
    if not identity:
        cure = (
            f"Ask for: alter table {name} replica identity default;"
            if found.identity == "n"
            else f"Ask for a primary key, or: alter table {name} replica identity full;"
        )
        raise log.table_refused(
            table,
            "has no primary key that serves as its replica identity, nor another: published, every "
            "UPDATE and DELETE of the department's own application on it would fail, so it is not "
            "published",
            remedy=f"{cure} or choose another `mode:`. {log.owner}",
        )
    keys = {table.column(key).source_name for key in table.keys}
    if not keys <= identity:
        raise log.table_refused(
            table,
            f"says in its log only {', '.join(sorted(identity))} of a deleted row, while the "
            f"registry's key is {', '.join(sorted(keys))}",
            remedy="Correct `keys:`, or ask for: alter table "
            f"{name} replica identity using index …; or: … replica identity full; {log.owner}",
        )


def _server(log: PostgresLog, connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    found = connection.execute(_SERVER).fetchone()
    if found is None:
        raise log.refused("does not know its own user", remedy=log.owner)
    return tuple(found)
