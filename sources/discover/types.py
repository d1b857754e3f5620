"""Which registry type holds every value of a source type: one function per technology.

The rule is that nothing is lost; where no registry type is that wide, text is. Keep out: how values
are read (``sources/connectors``), which accept every type suggested here.
"""

import re

_MAX_DIGITS = 38
_TEXT = "varchar"

UNBOUNDED = "numeric without precision: write decimal(p,s) once you know it"
BINARY = "binary, lands as hexadecimal: leave it out unless somebody needs it"
NO_TRUTH_VALUE = "tinyint(1) holds -128 to 127: write boolean if it is 0 and 1 alone"

_POSTGRESQL = {
    "bool": "boolean",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "double",
    "float8": "double",
    "date": "date",
    "timestamp": "timestamp",
    "timestamptz": "timestamp",
}
_MYSQL = {
    "tinyint": "smallint",
    "smallint": "smallint",
    "mediumint": "integer",
    "int": "integer",
    "bigint": "bigint",
    "year": "smallint",
    "float": "double",
    "double": "double",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp",
}
_MYSQL_UNSIGNED = {
    "smallint": "integer",
    "int": "bigint",
    "bigint": "decimal(20,0)",
}


def postgresql_type(
    base: str, *, precision: int | None = None, scale: int | None = None
) -> tuple[str, str | None]:
    """The registry type, and a note, of ``pg_type.typname`` (of a domain, its base type's)."""
    if base == "numeric":
        if precision is None or scale is None:
            return _TEXT, UNBOUNDED
        # PostgreSQL 15 knows numeric(3,5) and numeric(3,-2).
        return _decimal(max(precision, scale, precision - scale), max(scale, 0)), None
    return _POSTGRESQL.get(base, _TEXT), BINARY if base == "bytea" else None


def mysql_type(
    base: str, *, shown: str, precision: int | None = None, scale: int | None = None
) -> tuple[str, str | None]:
    """The registry type, and a note, of information_schema's ``data_type`` and ``column_type``."""
    words = shown.lower()
    if base == "decimal" and precision is not None:
        return _decimal(precision, scale or 0), None
    if base == "bit":
        bits = precision or 1
        return "boolean" if bits == 1 else "bigint" if bits < 64 else "decimal(20,0)", None
    if base.endswith(("binary", "blob")):
        return _TEXT, BINARY
    if "zerofill" in words:
        # Leading zeros are shown to the application: it is a code, not a number.
        return _TEXT, None
    if words.startswith("tinyint(1)"):
        return "smallint", NO_TRUTH_VALUE
    if "unsigned" in words and base in _MYSQL_UNSIGNED:
        return _MYSQL_UNSIGNED[base], None
    return _MYSQL.get(base, _TEXT), None


def sqlite_type(declared: str) -> tuple[str, str | None]:
    """The registry type, and a note, of a declared SQLite type, which binds nobody."""
    words = declared.lower()
    numbers = [int(number) for number in re.findall(r"\d+", words)]
    if re.search(r"bool", words):
        return "boolean", None
    if re.search(r"(timestamp|datetime)", words):
        return "timestamp", None
    if re.fullmatch(r"date", words.strip()):
        return "date", None
    if "int" in words and "point" not in words:
        return "bigint", None
    if re.search(r"char|clob|text", words):
        return _TEXT, None
    if re.search(r"real|floa|doub", words):
        return "double", None
    if re.search(r"decimal|numeric|number", words) and numbers:
        return _decimal(numbers[0], numbers[1] if len(numbers) > 1 else 0), None
    return _TEXT, BINARY if "blob" in words else None


def _decimal(precision: int, scale: int) -> str:
    return f"decimal({precision},{scale})" if 0 < precision <= _MAX_DIGITS else _TEXT
