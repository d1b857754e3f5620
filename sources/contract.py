"""The closed shape of a registry file: what a department promises about one source system.

Add a field here when the registry has to say one more thing about every source; it then has to be
answered in each file of ``registry/``. Keep out: reading files and finding line numbers
(``registry.py``), and how a technology is read (``connectors/``).
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sources.closed import Closed, Text, UnfitError
from sources.contract_connection import Connection, MysqlConnection, PostgresConnection
from sources.contract_http import HttpConnection
from sources.rate_limit import RateLimit

Mode = Literal["full", "cursor", "log", "hash_diff", "append_only", "file_drop", "http"]
UpdateCycle = Literal["real_time", "daily", "weekly", "monthly", "quarterly", "yearly"]
Sensitivity = Literal["open", "internal", "personal", "identifying", "sensitive"]

CODE_PATTERN = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
_TYPE_PATTERN = (
    r"^(varchar|boolean|smallint|integer|bigint|double|date|timestamp"
    r"|decimal\((?:[1-9]|[12]\d|3[0-8]),(?:\d|[12]\d|3[0-8])\))$"
)

Code = Annotated[str, Field(pattern=CODE_PATTERN)]
ColumnType = Annotated[str, Field(pattern=_TYPE_PATTERN)]
DivisionCode = Annotated[str, Field(pattern=r"^\d{6}$")]


# Which modes each technology can do.
_POLLED: tuple[Mode, ...] = ("full", "cursor", "hash_diff", "append_only")
_DROPPED: tuple[Mode, ...] = ("full", "hash_diff", "file_drop")
_MODES: Mapping[str, tuple[Mode, ...]] = {
    "postgresql": (*_POLLED, "log"),
    "mysql": (*_POLLED, "log"),
    "sqlite": _POLLED,
    "csv": _DROPPED,
    "xlsx": _DROPPED,
    "http": ("full", "hash_diff", "http"),
}
# What the files of a technology end in, where a table is a file.
_FILE_ENDINGS = {"csv": ".csv", "xlsx": ".xlsx"}
# What may be a cursor, and the overlap of each type where the registry says none: ten minutes in
# seconds, a day, and so many numbers as may be drawn by transactions that are still open.
_CURSOR_OVERLAP = {"timestamp": 600, "date": 1, "smallint": 100, "integer": 1000, "bigint": 1000}
# What the macro `from_shape` puts before the columns of a table.
_MEMBER_COLUMNS = {"system_code", "department_code"}


class Department(Closed):
    """The unit that owns the system. ``uscc`` is its 统一社会信用代码 (GB 32100)."""

    code: Code
    name: Text
    uscc: Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]


class Contact(Closed):
    """Who answers for the data: a desk, not a private person."""

    name: Text
    phone: Text


class Sharing(Closed):
    """共享属性 (发改高技〔2017〕1272号): 有条件共享 owes a condition, 不予共享 a legal basis."""

    type: Literal["unconditional", "conditional", "withheld"]
    condition: Text | None = None
    legal_basis: Text | None = None

    @model_validator(mode="after")
    def _reasons_are_given(self) -> "Sharing":
        if self.type == "conditional" and self.condition is None:
            raise UnfitError(
                "`type: conditional` needs `condition:`",
                remedy="Write `condition: …` beside it, with the condition in words.",
            )
        if self.type == "withheld" and self.legal_basis is None:
            raise UnfitError(
                "`type: withheld` needs `legal_basis:`",
                remedy="Write `legal_basis: …` beside it, with the law and article.",
            )
        return self


class Column(Closed):
    """One column: its standard English code, the name the source uses, and what it may be used for.

    ``type`` is the type the warehouse promises; ``format`` is a strptime pattern for sources that
    write dates as text; ``sensitivity`` is the class that masking and publishing follow (GB/T
    43697, PIPL art. 28).
    """

    column: Code
    source: Text | None = None
    name: Text
    type: ColumnType
    format: Text | None = None
    nullable: bool
    sensitivity: Annotated[Sensitivity, Field(alias="class")]

    @property
    def source_name(self) -> str:
        """The column's name in the source system."""
        return self.source or self.column


class Table(Closed):
    """One source table and how it is fetched. ``modelled`` says that dbt models read it.

    ``cursor`` is the column that grows with each change; from its last value back over ``overlap``
    (seconds of a timestamp, days of a date, else numbers) rows are read again, because what was
    begun earlier may be committed later. Every ``reconcile_hours`` all keys are compared.
    ``deleted`` is the field of a JSON record that says that it is gone.
    """

    table: Code
    source: Text | None = None
    name: Text
    keys: Annotated[list[Code], Field(min_length=1)]
    mode: Mode
    cursor: Code | None = None
    overlap: Annotated[int | None, Field(ge=0)] = None
    reconcile_hours: Annotated[int, Field(ge=0)] = 24
    deleted: Text | None = None
    update_cycle: UpdateCycle
    sharing: Sharing
    openness: Literal["open", "conditional", "closed"]
    modelled: bool = True
    columns: Annotated[list[Column], Field(min_length=1)]

    @property
    def source_name(self) -> str:
        """The table's name in the source system; for file drops the pattern of its file names, of
        an interface the path below its URL.
        """
        return self.source or self.table

    @property
    def cursor_overlap(self) -> int:
        """How far behind the last cursor value rows are read again; see ``overlap``."""
        if self.overlap is not None or self.cursor is None:
            return self.overlap or 0
        return _CURSOR_OVERLAP[self.column(self.cursor).type]

    def column(self, code: str) -> Column:
        """The column of that code. Raises KeyError when the table has none."""
        for column in self.columns:
            if column.column == code:
                return column
        raise KeyError(code)

    @model_validator(mode="after")
    def _columns_fit(self) -> "Table":
        codes = [column.column for column in self.columns]
        _refuse_twice("column", codes)
        _refuse_twice("source column", [column.source_name for column in self.columns])
        _refuse_twice("key", self.keys)
        for key in self.keys:
            if key not in codes:
                raise UnfitError(
                    f"key `{key}` is no column of this table",
                    remedy=f"Write one of: {', '.join(codes)}.",
                )
            if self.column(key).nullable:
                raise UnfitError(
                    f"key column `{key}` may be null",
                    remedy=f"Write `nullable: false` for column `{key}`.",
                )
        if self.mode == "cursor" and self.cursor is None:
            raise UnfitError(
                "`mode: cursor` needs `cursor:`",
                remedy="Write `cursor: …` beside it, with the code of the column that only grows.",
            )
        if self.cursor is not None and self.cursor not in codes:
            raise UnfitError(
                f"cursor `{self.cursor}` is no column of this table",
                remedy=f"Write one of: {', '.join(codes)}.",
            )
        if self.cursor is not None and self.column(self.cursor).type not in _CURSOR_OVERLAP:
            raise UnfitError(
                f"cursor `{self.cursor}` is a {self.column(self.cursor).type}, of which nobody "
                "can say what comes after",
                remedy=f"Name a column of one of these types: {', '.join(_CURSOR_OVERLAP)}; or "
                "write `mode: hash_diff`.",
            )
        if self.overlap is not None and self.cursor is None:
            raise UnfitError(
                "`overlap:` is about a cursor, and there is none",
                remedy="Write `cursor: …` beside it, or take it out.",
            )
        if self.openness == "open" and self.sharing.type == "withheld":
            raise UnfitError(
                "`openness: open` contradicts `sharing.type: withheld`",
                remedy="Write `openness: closed`, or share it.",
            )
        return self


class Shape(Closed):
    """Tables that many systems have alike, such as those of twelve county databases of one make.

    ``source:`` of such a table is a stem: the name of a database table, the beginning of file names
    (``shape_tables``). Each system still has its own connection, owner and writing of codes.
    """

    shape: Code
    name: Text
    tables: Annotated[list[Table], Field(min_length=1)]

    @model_validator(mode="after")
    def _shape_fits(self) -> "Shape":
        _refuse_twice("table", [table.table for table in self.tables])
        stems = [table.source_name for table in self.tables]
        _refuse_twice("table source", stems)
        for table in self.tables:
            if re.search(r"[*?\[\]/\\.]", table.source_name):
                raise UnfitError(
                    f"`source: {table.source_name}` of `{table.table}` is no stem",
                    remedy="Leave out folder, ending and wild cards.",
                )
            for code in _MEMBER_COLUMNS & {column.column for column in table.columns}:
                raise UnfitError(
                    f"column `{code}` of `{table.table}` has the name of the column that says "
                    "which member a row comes from",
                    remedy="Give it another code.",
                )
        for stem in stems:
            for other in stems:
                if other.startswith(f"{stem}_"):
                    raise UnfitError(
                        f"the files of `{other}` would also pass for files of `{stem}`",
                        remedy="Give one of them another `source:`.",
                    )
        return self


def shape_tables(shape: Shape, *, technology: str) -> list[Table]:
    """The tables of a shape as a system of that technology has them.

    A database's tables are called like the stem. Where tables are files, the stem begins the names
    of its deliveries: ``居民`` becomes the pattern ``居民_*.csv``.
    """
    ending = _FILE_ENDINGS.get(technology)
    if ending is None:
        return list(shape.tables)
    return [
        table.model_copy(update={"source": f"{table.source_name}_*{ending}"})
        for table in shape.tables
    ]


class System(Closed):
    """One source system: the whole of one registry file. ``shape`` names where its tables are
    declared when the file does not declare them itself; ``tables`` holds them either way.
    """

    system: Code
    name: Text
    department: Department
    level: Literal["city", "county"]
    county: DivisionCode | None = None
    network_domain: Literal["administrative", "public"]
    owner: Contact
    connection: Connection
    shape: Code | None = None
    tables: Annotated[list[Table], Field(min_length=1)]

    @property
    def rate_limit(self) -> RateLimit | None:
        """How fast it may be read; None of a folder or a file, and where nobody asked for it."""
        if isinstance(self.connection, PostgresConnection | MysqlConnection):
            return self.connection.rate_limit
        return None

    def table(self, code: str) -> Table:
        """The table of that code. Raises KeyError when the system has none."""
        for table in self.tables:
            if table.table == code:
                return table
        raise KeyError(code)

    @model_validator(mode="after")
    def _system_fits(self) -> "System":
        _refuse_twice("table", [table.table for table in self.tables])
        for table in self.tables:
            allowed = _MODES[self.connection.technology]
            if table.mode not in allowed:
                raise UnfitError(
                    f"`mode: {table.mode}` of `{table.table}` is nothing that "
                    f"{self.connection.technology} can do",
                    remedy=f"Write one of: {', '.join(allowed)}.",
                )
            _refuse_unfit_http(self.connection, table)
        if (self.level == "county") != (self.county is not None):
            raise UnfitError(
                "`county:` is written for `level: county` and only there",
                remedy='Write `county: "…"`, the six digits of the division code.'
                if self.level == "county"
                else "Remove `county:`, or write `level: county`.",
            )
        return self


def _refuse_unfit_http(connection: Connection, table: Table) -> None:
    is_http = isinstance(connection, HttpConnection)
    if table.mode == "http" and isinstance(connection, HttpConnection) and connection.since is None:
        raise UnfitError(
            f"`mode: http` of `{table.table}` needs `since:` of the connection",
            remedy="Write there how changes are asked for, or `mode: hash_diff`.",
        )
    if table.deleted is not None and not is_http:
        raise UnfitError(
            f"`deleted:` of `{table.table}` is about records of an http interface",
            remedy="Take it out.",
        )


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnfitError(f"{what} `{twice[0]}` is declared twice", remedy="Keep one of them.")


def sql_type(column_type: str) -> str:
    """The registry type as DuckDB spells it: ``decimal(18,2)`` -> ``DECIMAL(18,2)``."""
    return re.sub(r"\s", "", column_type).upper()
