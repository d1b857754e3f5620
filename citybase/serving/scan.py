"""Looks for personal data in published files: every column of every table, nested values included.

This is the proof beside the declaration: it knows nothing of classes and masks and reads the values
themselves. Add a kind here when another number identifies a person. Keep out: any list of columns
to pass over, because a scan that can be told to look away proves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb

from citybase.duck import connect, literal, quoted
from citybase.errors import WarehouseError
from citybase.identifiers.identify import identify
from citybase.identifiers.text import X_LOOK_ALIKES
from citybase.serving.library_file import attach

FindingKind = Literal["resident_number", "mobile_phone", "name"]

_FILE = "scanned"
_NAMES = "known_name"
_LOOKED_AT = 100_000
"""Distinct candidates of one column that are judged one by one: enough to prove a leak."""

_FULL_WIDTH = "".join(chr(ord(character) + 0xFEE0) for character in "0123456789X")
_WRITTEN = _FULL_WIDTH + X_LOOK_ALIKES
_READ = "0123456789X" + "X" * len(X_LOOK_ALIKES)

# Hexadecimal letters count as neighbours, so that no digest or UUID passes for a number.
_EDGE = r"(?:^|[^0-9A-F])"
_END = r"(?:$|[^0-9A-F])"
_AREA = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9])[0-9]{4}"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_BORN = rf"(?:18|19|20)[0-9]{{2}}{_MONTH_DAY}"
_RESIDENT_18 = rf"[1-9][0-9]{{5}}{_BORN}[0-9]{{3}}[0-9X]"
_RESIDENT_15 = rf"{_AREA}[0-9]{{2}}{_MONTH_DAY}[0-9]{{3}}"
_RESIDENT_17 = rf"{_AREA}{_BORN}[0-9]{{3}}"
_RESIDENT = rf"{_EDGE}({_RESIDENT_18}|{_RESIDENT_15}){_END}"
_RESIDENT_AS_INTEGER = rf"{_EDGE}({_RESIDENT_18}|{_RESIDENT_17}|{_RESIDENT_15}){_END}"
_MOBILE = rf"{_EDGE}(?:\+?86|0086)?[- ]?(1[3-9][0-9][- ]?[0-9]{{4}}[- ]?[0-9]{{4}}){_END}"
_WORD = r"[\p{Han}·]{2,}"

_INTEGERS = {"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"}
_NUMERIC = ("DECIMAL", "DOUBLE", "FLOAT", *_INTEGERS)


@dataclass(frozen=True)
class Finding:
    """Personal data in one column. ``values`` counts distinct ones, ``example`` is masked."""

    file: str
    table: str
    column: str
    kind: FindingKind
    values: int
    example: str


@dataclass(frozen=True)
class _Column:
    table: str
    name: str
    data_type: str

    @property
    def is_numeric(self) -> bool:
        return self.data_type.startswith(_NUMERIC)

    @property
    def raw(self) -> str:
        """The value as text."""
        value = quoted(self.name)
        as_text = f"cast({value} as varchar)"
        return f"coalesce(try(decode({value})), {as_text})" if self.data_type == "BLOB" else as_text

    @property
    def number_text(self) -> str:
        """The value as text with half-width digits and capitals."""
        return f"translate(upper({self.raw}), {literal(_WRITTEN)}, {literal(_READ)})"


def scan_for_personal_data(path: Path, known_names: Iterable[str]) -> list[Finding]:
    """Every column in which plain personal data stands.

    Resident numbers (GB 11643, 15 or 18 characters, alone or inside a text), mobile phone numbers
    and the exact ``known_names``, alone or as a word of a longer text. A number that is a valid
    USCC or business registration number is not taken for a resident number.

    Args:
        path: a folder of published files, ``current`` or a version, or one file; not encrypted.
        known_names: names of persons; those of one character are passed over.

    Raises:
        WarehouseError: there is no file to scan, or one cannot be opened.
    """
    files = sorted(path.resolve().glob("*.duckdb")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise WarehouseError(
            f"There is no published file to scan at {path}.",
            remedy="Publish first, and give the folder of a version or its `current`.",
        )
    names = sorted({name.strip() for name in known_names if len(name.strip()) > 1})
    findings: list[Finding] = []
    for file in files:
        with connect() as connection:
            connection.execute(f"create table {_NAMES} as select unnest($1::varchar[]) n", [names])
            attach(connection, file, name=_FILE, key=None)
            for column in _columns(connection):
                findings += _scan_column(connection, file.name, column)
    return findings


def _columns(connection: duckdb.DuckDBPyConnection) -> list[_Column]:
    return [
        _Column(*row)
        for row in connection.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()"
            " where database_name = $1 and not internal order by all",
            [_FILE],
        ).fetchall()
    ]


def _scan_column(
    connection: duckdb.DuckDBPyConnection, file: str, column: _Column
) -> list[Finding]:
    found: dict[FindingKind, list[str]] = {
        "resident_number": _resident_numbers(connection, column),
        "mobile_phone": _mobile_phones(connection, column),
        "name": _known_names(connection, column),
    }
    table = column.table.removeprefix("main.")
    return [
        Finding(file, table, column.name, kind, len(values), _masked(min(values)))
        for kind, values in found.items()
        if values
    ]


def _resident_numbers(connection: duckdb.DuckDBPyConnection, column: _Column) -> list[str]:
    pattern = _RESIDENT_AS_INTEGER if column.data_type in _INTEGERS else _RESIDENT
    candidates = _matches(connection, column, pattern)
    if not candidates:
        return []
    judged = identify(candidates, as_of=datetime.now(UTC).date())
    valid = dict(
        zip(judged["number"], zip(judged["kind"], judged["valid"], strict=True), strict=True)
    )

    def is_personal(number: str) -> bool:
        kind, is_valid = valid.get(number, ("unknown", False))
        if is_valid and kind in ("uscc", "registration"):
            return False
        # A surrogate key of 18 digits may happen to hold a date; its check digit rarely fits too.
        is_bare_integer = column.data_type in _INTEGERS and len(number) == 18
        return not is_bare_integer or (kind == "resident" and is_valid)

    return [number for number in candidates if is_personal(number)]


def _mobile_phones(connection: duckdb.DuckDBPyConnection, column: _Column) -> list[str]:
    found = _matches(connection, column, _MOBILE)
    # Amounts in 元 are full of zeros, telephone numbers are not.
    return [n for n in found if not (column.is_numeric and n.endswith("0000"))]


def _matches(connection: duckdb.DuckDBPyConnection, column: _Column, pattern: str) -> list[str]:
    return _values(
        connection,
        f"select distinct unnest(regexp_extract_all({column.number_text}, {literal(pattern)}, 1))"
        f" from {_relation(column)}",
    )


def _known_names(connection: duckdb.DuckDBPyConnection, column: _Column) -> list[str]:
    return _values(
        connection,
        f"select n from {_NAMES} where n in (select trim({column.raw}) from {_relation(column)})"
        f" or n in (select unnest(regexp_extract_all({column.raw}, {literal(_WORD)}))"
        f" from {_relation(column)})",
    )


def _values(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    return [value for (value,) in connection.execute(f"{sql} limit {_LOOKED_AT}").fetchall()]


def _relation(column: _Column) -> str:
    schema, _, table = column.table.partition(".")
    return ".".join(quoted(part) for part in (_FILE, schema, table))


def _masked(value: str) -> str:
    kept = 1 if len(value) < 11 else 3
    return value[:kept] + "*" * (len(value) - kept)
