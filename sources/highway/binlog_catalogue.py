"""What a MariaDB server says about its tables and itself, as far as the binary log leaves it open.

Every question is a short connection of its own that may only read. Keep out: judging the answers
(``binlog_checks.py``).
"""

from collections.abc import Mapping
from typing import Any

import pymysql

from citybase.errors import SourceError
from sources.connectors.mysql_location import FORM, LocationError, MysqlLocation, parse_location
from sources.contract import System, Table
from sources.contract_connection import MysqlConnection
from sources.highway.binlog_layout import SourceColumn
from sources.highway.binlog_position import Position

_COLUMNS = """
    select column_name as column_name, data_type as data_type, column_type as column_type
    from information_schema.columns
    where table_schema = %s and table_name = %s
"""
_CHARSETS = """
    select id, character_set_name
    from information_schema.collation_character_set_applicability
    where id is not null
"""


class BinlogCatalogue:
    """One system's database, asked over short connections."""

    def __init__(self, system: System, location: str) -> None:
        """Find out where it is. Raises SourceError."""
        connection = system.connection
        if not isinstance(connection, MysqlConnection):
            raise TypeError(f"{system.system} is no MySQL or MariaDB system")
        self.system = system
        self.connection = connection
        try:
            self.where: MysqlLocation = parse_location(location)
        except LocationError as error:
            raise SourceError(
                f"{self.name} cannot be located: {connection.location_env} {error}.",
                remedy=f"Write it like `{FORM}`, with %40 for @ and the like in the password.",
            ) from None
        schema = connection.db_schema or self.where.database
        if schema is None:
            raise SourceError(
                f"{self.name} names no database: neither {connection.location_env} nor `schema:` "
                "does.",
                remedy="Write `schema:` in the registry.",
            )
        self.schema = schema

    @property
    def name(self) -> str:
        """How errors begin."""
        return f"{self.system.system} ({self.system.name})"

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run one query. Raises SourceError with the server's words, without the password."""
        try:
            with self.where.connect() as connection, connection.cursor() as cursor:
                cursor.execute(query, values or None)
                return list(cursor.fetchall())
        except (pymysql.Error, OSError) as error:
            raise self.failed(error) from None

    def failed(self, error: Exception) -> SourceError:
        """One sentence for what the server or the network said."""
        said = str(error.args[-1] if error.args else error)
        if self.where.password:
            said = said.replace(self.where.password, "…")
        return SourceError(
            f"{self.name} cannot be asked: {said}.",
            remedy="Start its database, or correct host, user and password in "
            f"{self.system.connection.location_env}. Ask {self.system.owner.name} "
            f"({self.system.owner.phone}).",
        )

    def columns(self, table: Table) -> Mapping[str, SourceColumn]:
        """The columns of a table as they are now, by name; empty when there is no such table."""
        rows = self.ask(_COLUMNS, self.schema, table.source_name)
        return {str(name): SourceColumn(str(kind), str(shown)) for name, kind, shown in rows}

    def position(self) -> Position:
        """Behind the last transaction that the server has written to its log."""
        [[text]] = self.ask("select @@gtid_binlog_pos")
        return Position.parse(str(text))

    def charsets(self) -> Mapping[int, str]:
        """The character set of every collation, by the number that the binary log uses."""
        return {int(number): str(charset) for number, charset in self.ask(_CHARSETS)}
