"""What every connector offers, and the one wording of its errors.

A connector turns a source table into SQL that DuckDB runs once. Add here what all technologies
share. Keep out: any one technology (``postgresql.py``, ``sqlite.py``, ``csv.py``), and what becomes
of the rows (``sources/extract.py``).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.contract import Column, System, Table
from sources.pace import pace_of
from sources.tables import PENDING_PREFIX

LINE_COLUMN = "_line"
BYTES_PREFIX = "_bytes_"
TEXT_PREFIX = "_text_"
DAMAGE_PREFIX = "_damage_"


@dataclass(frozen=True)
class Reading:
    """One read of one source table.

    ``sql`` may be run once and yields one row per source row: every registry column under its code,
    as the source's own text or as a type that DuckDB reads without loss, and ``_line`` (VARCHAR,
    null where the source has no lines). Where the source does not vouch for its text,
    ``_bytes_<code>`` holds, escaped, a value that is no UTF-8; the column itself is null then.
    ``_text_<code>`` holds, as the source writes it, a value that the column's type has not; the
    column is null then too. ``_damage_<code>`` is a reason why a value must not land although it
    could, or null.

    ``position`` says what was read. Files have records that are no rows at all: ``broken`` is a
    file of them (``transcribe.py``), and the connector's own counts stand beside.
    """

    sql: str
    position: Mapping[str, str] = field(default_factory=dict)
    broken: Path | None = None
    rows_broken: int = 0
    rows_good: int | None = None


@dataclass(frozen=True)
class Window:
    """The part of a table that may have changed: where ``column`` is at least ``since``, written as
    its registry type is, or is null.
    """

    column: Column
    since: str


class ColumnsChangedError(SourceError):
    """The source's columns are no longer those of the registry; ``kind`` names the event."""

    kind = "column_dropped"


class ColumnRetypedError(ColumnsChangedError):
    """A column has a type that cannot hold what the registry promises."""

    kind = "column_retyped"


class Session(ABC):
    """An open source system. One session reads many tables, one after the other."""

    extensions: tuple[str, ...] = ()
    # Whether a column that nobody has declared can be read without breaking off.
    reads_undeclared = True

    def __init__(self, system: System, location: str) -> None:
        """Remember what is read and where; ``location`` may hold a password."""
        self.system = system
        self.location = location
        self.pace = pace_of(system)

    @abstractmethod
    def inspect(self, table: Table) -> None:
        """Raise SourceError unless the source table is there and fits its registry columns."""

    @abstractmethod
    def columns(self, table: Table) -> Mapping[str, str]:
        """Every column that the source table has now, by name, and its type in the source's words.

        A column of the registry is called as the registry's ``source`` calls it. Raises SourceError
        when there is no such table.
        """

    @abstractmethod
    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,
        work: Path,
        window: Window | None = None,
    ) -> Reading:
        """Inspect the table and prepare its one read on ``duck``; ``work`` is a private folder.

        With ``window`` every row inside of it is read; rows outside may be left out, where the
        source can do that without a lookup of its own.

        Raises SourceError when the table is missing or does not fit its registry columns.
        """

    def identity(self, table: Table) -> str | None:  # noqa: ARG002
        """Which of all tables of that name this is, where the source can say so: a database that
        was restored or replaced has another one, and what was read of the old one says nothing.
        """
        return None

    def explained(self, table: Table, error: duckdb.Error) -> SourceError:
        """The error of a read that broke while it ran."""
        return self.table_error(
            table,
            f"could not be read to its end: {mask_numbers(self.without_secret(str(error)))}",
            remedy="Look at the source's own log, then extract this table again.",
        )

    @abstractmethod
    def close(self) -> None:
        """Leave the source."""

    def __enter__(self) -> Self:
        """The session itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the source, whatever happened."""
        self.close()

    def system_error(self, problem: str, *, remedy: str | None = None) -> SourceError:
        """One sentence that names the system."""
        return SourceError(
            f"{self.system.system} ({self.system.name}) {problem.rstrip('.')}.",
            remedy=remedy or f"Correct {self.system.connection.location_env}. {self.owner}",
        )

    def table_error(self, table: Table, problem: str, *, remedy: str) -> SourceError:
        """The error of a table, in one sentence."""
        return SourceError(self.sentence(table, problem), remedy=remedy)

    def sentence(self, table: Table, problem: str) -> str:
        """One sentence that names system and table."""
        return (
            f"{self.system.system}.{table.table} ({self.system.name}, {table.source_name}) "
            f"{problem.rstrip('.')}."
        )

    def missing_columns(self, table: Table, missing: list[Column], found: list[str]) -> SourceError:
        """The source no longer has a column that the registry promises."""
        names = ", ".join(f"{c.source_name} ({c.column}, {c.name})" for c in missing)
        # Of columns that are read although the registry does not know them one may be the old one.
        declared = {
            column.source_name
            for column in table.columns
            if not column.column.startswith(PENDING_PREFIX)
        }
        unknown = [name for name in found if name not in declared]
        hint = f" It does have {', '.join(unknown[:8])}." if unknown else ""
        return ColumnsChangedError(
            self.sentence(table, f"lacks column {names}"),
            remedy=f"If it was renamed, write the new name as `source:` in the registry.{hint} "
            f"{self.owner}",
        )

    def retyped_column(self, table: Table, column: Column, shown: str) -> SourceError:
        """The source has a column, as ``shown``, under a type that the registry's does not fit."""
        return ColumnRetypedError(
            self.sentence(
                table,
                f"has column {column.source_name} ({column.column}, {column.name}) as {shown}, "
                f"which does not fit the registry's {column.type}",
            ),
            remedy=f"If the department changed it, change `type:` of {column.column} in the "
            f"registry. {self.owner}",
        )

    @property
    def owner(self) -> str:
        """Whom to ask."""
        return f"Ask {self.system.owner.name} ({self.system.owner.phone})."

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message, without the location it may repeat."""
        line = text.strip().splitlines()[0] if text.strip() else "no message"
        return line.replace(self.location, "…")[:300]
