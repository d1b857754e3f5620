"""What must hold before a MariaDB system is followed by its binary log, so that nothing is missed.

Nothing is ever made or changed in the source: each check asks, and its error says what the
department's administrator has to run. Add a check here with a test that watches it refuse. Keep
out: reading the log (``binlog.py``).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sources.connectors.mysql import SHAPES, ticked
from sources.contract import System, Table
from sources.highway.binlog_catalogue import BinlogCatalogue
from sources.highway.binlog_text import decoder
from sources.highway.errors import CaptureRefusedError

_OLDEST = (10, 5)  # the first that names the columns in its log
_SETTINGS = """
    select
        version(),
        @@global.log_bin,
        @@global.binlog_format,
        @@global.binlog_row_image,
        @@global.server_id
"""
_TABLE = """
    select table_type as table_type, engine as engine
    from information_schema.tables
    where table_schema = %s and table_name = %s
"""
_COLUMNS = """
    select
        column_name as column_name,
        data_type as data_type,
        column_type as column_type,
        character_set_name as character_set_name,
        extra as extra
    from information_schema.columns
    where table_schema = %s and table_name = %s
"""
# An index over the beginnings of texts vouches for nothing.
_KEYS = """
    select group_concat(column_name order by seq_in_index separator '\\0')
    from information_schema.statistics
    where table_schema = %s and table_name = %s and non_unique = 0
    group by index_name
    having sum(nullable = 'YES' or sub_part is not null or column_name is null) = 0
    order by index_name <> 'PRIMARY'
"""
_CASCADE = re.compile(
    r"^\s*CONSTRAINT .* FOREIGN KEY .* ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL)", re.MULTILINE
)
_TEXT = re.compile(r"'(?:[^'\\]|\\.|'')*'")
_REPLICATION = ("REPLICATION SLAVE", "REPLICATION REPLICA", "ALL PRIVILEGES")
_MONITOR = ("BINLOG MONITOR", "REPLICATION CLIENT", "ALL PRIVILEGES")
_HASH_DIFF = "Write `mode: hash_diff` for the table: it finds every change by comparison."
# Replicas that people number by hand have small numbers.
_FIRST_SERVER_ID, _SERVER_IDS = 1 << 31, (1 << 31) - 1


@dataclass(frozen=True)
class BinlogRetention:
    """How far the server's log reaches. ``behind_bytes`` of it are still to be read, ``kept_bytes``
    are there at all; after ``expire_seconds`` (0: never by age) the server removes a file.
    """

    behind_bytes: int
    kept_bytes: int
    expire_seconds: int


def server_id(system: System, installation: str) -> int:
    """The number by which this installation is a replica of the system's server.

    The same one each time, so that the server ends a forgotten connection of ours when we come
    back; another one for every ``installation`` (a text that no other has, such as host and home).
    """
    digest = hashlib.sha256(f"{installation}\0{system.system}".encode()).digest()
    return _FIRST_SERVER_ID + int.from_bytes(digest[:8], "big") % _SERVER_IDS


def check_capture(
    system: System, location: str, *, tables: Sequence[Table], replica_id: int
) -> None:
    """Ask everything that can be asked before the log is read.

    Raises:
        CaptureRefusedError: one thing is missing; the remedy says who has to do what.
        SourceError: the server cannot be asked.
    """
    catalogue = BinlogCatalogue(system, location)
    check_server(catalogue, replica_id=replica_id)
    check_rights(catalogue)
    for table in tables:
        check_table(catalogue, table)


def check_server(catalogue: BinlogCatalogue, *, replica_id: int) -> None:
    """Version and settings. Raises CaptureRefusedError."""
    [(version, log_bin, form, image, own_id)] = catalogue.ask(_SETTINGS)
    numbers = tuple(int(number) for number in re.findall(r"\d+", str(version))[:2])
    if "mariadb" not in str(version).lower() or numbers < _OLDEST:
        raise _refused(
            catalogue,
            f"runs {version}; changes are read from the log of MariaDB 10.5 or newer",
            "Write `mode: hash_diff` or `mode: cursor` for its tables.",
        )
    if not int(log_bin):
        raise _refused(
            catalogue,
            "keeps no binary log (log_bin is off)",
            "Ask for log_bin, server_id, binlog_format = ROW and binlog_row_metadata = FULL in its "
            "configuration, and a restart.",
        )
    [(metadata,)] = catalogue.ask("select @@global.binlog_row_metadata")
    for setting, value, wanted in (
        ("binlog_format", form, "ROW"),
        ("binlog_row_image", image, "FULL"),
        ("binlog_row_metadata", metadata, "FULL"),
    ):
        if str(value).upper() != wanted:
            raise _refused(
                catalogue,
                f"logs changes with {setting} = {value}, which leaves out what we need",
                f"Ask for: set global {setting} = '{wanted}'; and the same in its configuration. "
                "Connections that are open already keep the old value until they are renewed.",
            )
    # Read without any right: set as soon as something has been replicated.
    [(logs_replicated, replicated)] = catalogue.ask(
        "select @@global.log_slave_updates, @@global.gtid_slave_pos"
    )
    if replicated and not int(logs_replicated):
        raise _refused(
            catalogue,
            "is a replica itself and leaves what it replicates out of its own log "
            "(log_slave_updates is off)",
            "Ask for log_slave_updates = ON in its configuration and a restart, or for the address "
            "of the server that it replicates.",
        )
    if int(own_id) == replica_id:
        raise _refused(
            catalogue, f"has the server id {own_id} itself", "Ask for another server_id there."
        )


def check_rights(catalogue: BinlogCatalogue) -> None:
    """The user may follow the log, and the log has our database. Raises CaptureRefusedError."""
    grants = [str(row[0]).upper() for row in catalogue.ask("show grants")]
    general = " ".join(grant.split(" ON *.* ")[0] for grant in grants if " ON *.* " in grant)
    user = catalogue.where.user
    for words, right in ((_REPLICATION, "replication slave"), (_MONITOR, "binlog monitor")):
        if not any(word in general for word in words):
            raise _refused(
                catalogue,
                f"does not let user {user} follow its binary log",
                f"Ask for: grant {right} on *.* to that user; it lets nobody change anything.",
            )
    for _, _, only, without in catalogue.ask("show master status"):
        listed = {name.strip().lower() for name in str(only or "").split(",") if name.strip()}
        left_out = {name.strip().lower() for name in str(without or "").split(",")}
        schema = catalogue.schema.lower()
        if (listed and schema not in listed) or schema in left_out:
            raise _refused(
                catalogue,
                f"does not log the changes of database {catalogue.schema}",
                "Ask for another binlog_do_db or binlog_ignore_db.",
            )


def check_table(catalogue: BinlogCatalogue, table: Table) -> None:
    """Its key, its engine, its columns, and no changes behind the log's back.

    Raises CaptureRefusedError.
    """
    where = (catalogue.schema, table.source_name)
    found = catalogue.ask(_TABLE, *where)
    if not found:
        raise _unfit(
            catalogue,
            table,
            f"does not exist in database {catalogue.schema}, or may not be read by this user",
            f"Ask for: grant select on {catalogue.schema}.{table.source_name}.",
        )
    kind, engine = (str(value) for value in found[0])
    if kind != "BASE TABLE":
        raise _unfit(
            catalogue, table, f"is a {kind.lower()}, whose rows are not logged", _HASH_DIFF
        )
    if engine.lower() != "innodb":
        raise _unfit(
            catalogue,
            table,
            f"is kept by {engine}, which has no transactions: no snapshot of it is of one moment",
            f"{_HASH_DIFF} Or ask for: alter table {table.source_name} engine = InnoDB.",
        )
    _check_key(catalogue, table)
    _check_columns(catalogue, table)
    [(_, statement)] = catalogue.ask(f"show create table {ticked(where[0])}.{ticked(where[1])}")
    if _CASCADE.search(_TEXT.sub("''", str(statement))):
        raise _unfit(
            catalogue,
            table,
            "has a foreign key with ON DELETE or ON UPDATE CASCADE or SET NULL: rows that go or "
            "change by it are not logged",
            _HASH_DIFF,
        )


def _check_key(catalogue: BinlogCatalogue, table: Table) -> None:
    keys = {table.column(key).source_name for key in table.keys}
    unique = [
        str(row[0]).split("\0") for row in catalogue.ask(_KEYS, catalogue.schema, table.source_name)
    ]
    if not unique:
        raise _unfit(
            catalogue,
            table,
            "has no primary key, so that nothing says which row a change is of",
            f"{_HASH_DIFF} Or ask for: alter table {table.source_name} add primary key (…).",
        )
    if not any(set(columns) <= keys for columns in unique):
        raise _unfit(
            catalogue,
            table,
            f"has no unique index over the registry's keys ({', '.join(sorted(keys))}): two rows "
            "could share them",
            f"Write `keys:` with the columns {', '.join(unique[0])}.",
        )


def _check_columns(catalogue: BinlogCatalogue, table: Table) -> None:
    """What the log holds in a form that can be read for certain."""
    rows = catalogue.ask(_COLUMNS, catalogue.schema, table.source_name)
    found = {str(name): facts for name, *facts in rows}
    for column in table.columns:
        if column.source_name not in found:
            raise _unfit(
                catalogue,
                table,
                f"lacks column {column.source_name} ({column.column}, {column.name})",
                "If it was renamed, write the new name as `source:` in the registry.",
            )
        kind, shown, charset, extra = (str(fact or "") for fact in found[column.source_name])
        reason = None
        if kind in SHAPES:
            reason = "a geometry"
        elif "COMPRESSED" in shown.upper():
            reason = "compressed"
        elif "VIRTUAL" in extra.upper():
            reason = "computed when it is read"
        elif charset and not decoder(charset, latin1_holds=None, data_type=kind):
            reason = f"in character set {charset}"
        if reason is not None:
            raise _unfit(
                catalogue,
                table,
                f"has column {column.source_name} ({column.column}, {column.name}), which is "
                f"{reason}: the log does not hold it in a form that can be read for certain",
                _HASH_DIFF,
            )


def retention(catalogue: BinlogCatalogue, *, file: str, at: int) -> BinlogRetention:
    """How far behind a stream is that has read log file ``file`` up to byte ``at``.

    Raises SourceError when the server cannot be asked.
    """
    sizes = [(str(row[0]), int(row[1])) for row in catalogue.ask("show binary logs")]
    [(seconds,)] = catalogue.ask(
        "select max(variable_value) from information_schema.global_variables "
        "where variable_name = 'BINLOG_EXPIRE_LOGS_SECONDS'"
    )
    if not int(seconds or 0):
        [(days,)] = catalogue.ask("select @@global.expire_logs_days")
        seconds = float(days) * 86_400
    names = [name for name, _ in sizes]
    start = names.index(file) if file in names else 0
    behind = sum(size for _, size in sizes[start:]) - (at if file in names else 0)
    return BinlogRetention(
        behind_bytes=max(behind, 0),
        kept_bytes=sum(size for _, size in sizes),
        expire_seconds=int(seconds),
    )


def _refused(catalogue: BinlogCatalogue, problem: str, remedy: str) -> CaptureRefusedError:
    return CaptureRefusedError(f"{catalogue.name} {problem}.", remedy=remedy)


def _unfit(
    catalogue: BinlogCatalogue, table: Table, problem: str, remedy: str
) -> CaptureRefusedError:
    return CaptureRefusedError(
        f"{catalogue.system.system}.{table.table} ({catalogue.system.name}, {table.source_name}) "
        f"{problem}.",
        remedy=remedy,
    )
