"""A small installation with source systems of its own, for tests of extraction and bind."""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources.content import Content, table_content
from sources.contract import System
from sources.extract import SystemResult, extract_system
from sources.landing import absolute
from sources.ledger import Batch, last_batch
from sources.quarantine import COLUMNS
from sources.registry import Registry
from sources.tables import LandedTable, landed_table

PASSWORD = "sesam-oeffne-dich"
POSTGRESQL = {"technology": "postgresql", "schema": "huji"}
SQLITE = {"technology": "sqlite"}
CSV = {"technology": "csv", "encoding": "gb18030"}
Relation = Callable[[Settings, LandedTable, Content], str]


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL: ``admin`` may do all, ``reader`` needs PASSWORD and may read."""

    admin: str
    reader: str

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type, unused-ignore]


@dataclass
class House:
    """One installation with the source systems a test gives it."""

    settings: Settings
    monkeypatch: pytest.MonkeyPatch

    def locate(self, system: System, location: object) -> None:
        self.monkeypatch.setenv(system.connection.location_env, str(location))

    def extract(self, system: System, *tables: str) -> SystemResult:
        return extract_system(
            self.settings,
            system.system,
            tables=list(tables) or None,
            registry=Registry(systems=(system,)),
        )

    def last(self, system: System, table: str) -> Batch:
        engine = open_store(self.settings)
        batch = last_batch(engine, system.system, table)
        engine.dispose()
        assert batch is not None
        return batch

    def landed(self, system: System, table: str, *columns: str) -> list[tuple[object, ...]]:
        batch = self.last(system, table)
        files = [str(file) for file in absolute(self.settings, batch.files)]
        shown = ", ".join(columns or [c.column for c in system.table(table).columns])
        with connect() as duck:
            return duck.execute(
                f"select {shown} from read_parquet($1) order by all", [files]
            ).fetchall()

    def rows(self, system: System, table: str, relation: Relation) -> list[dict[str, object]]:
        """What a relation of the table holds: ``current_rows`` or ``all_changes``."""
        engine = open_store(self.settings)
        content = table_content(engine, system.system, table)
        engine.dispose()
        query = relation(self.settings, landed_table(system, system.table(table)), content)
        with connect() as duck:
            found = duck.execute(f"from ({query}) order by _batch_id, _position")
            names = [str(column[0]) for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def quarantined(self, system: System, table: str) -> list[dict[str, object]]:
        batch = self.last(system, table)
        files = [str(file) for file in absolute(self.settings, batch.quarantine_files)]
        if not files:
            return []
        with connect() as duck:
            rows = duck.execute(
                "from read_parquet($1) order by row_number, column_code", [files]
            ).fetchall()
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def make_system(
    connection: dict[str, str], tables: dict[str, list[str]], *, code: str = "household_register"
) -> System:
    """A registry system. A column is ``code type``, then `key`, `required` or `format=…` as needed;
    a table is ``code`` or ``code=source name``.
    """
    return System.model_validate(
        {
            "system": code,
            "name": "户籍管理系统",
            "department": {
                "code": "public_security",
                "name": "临沂市公安局",
                "uscc": "11371300004321004C",
            },
            "level": "city",
            "network_domain": "administrative",
            "owner": {"name": "户政科", "phone": "0539-8170110"},
            "connection": {"location_env": f"SOURCE_{code.upper()}", **connection},
            "tables": [_table(name, columns) for name, columns in tables.items()],
        }
    )


def limited(system: System, **limit: int) -> System:
    """The system under a ``rate_limit:``."""
    connection = system.connection
    declared = {**connection.model_dump(by_alias=True), "rate_limit": limit}
    return system.model_copy(update={"connection": type(connection).model_validate(declared)})


def _table(name: str, columns: list[str]) -> dict[str, object]:
    code, _, source = name.partition("=")
    words = [column.split(maxsplit=2) for column in columns]
    return {
        "table": code,
        "source": source or code,
        "name": "户籍人口",
        "keys": [column[0] for column in words if column[2:] == ["key"]],
        "mode": "full",
        "update_cycle": "daily",
        "sharing": {"type": "unconditional"},
        "openness": "closed",
        "columns": [
            {
                "column": column,
                "name": "列",
                "type": kind,
                "nullable": more not in (["key"], ["required"]),
                "class": "internal",
                **({"format": more[0][7:]} if more and more[0].startswith("format=") else {}),
            }
            for column, kind, *more in words
        ],
    }
