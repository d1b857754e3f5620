"""What becomes of a PostgreSQL type on the way: read as it is, or as PostgreSQL's own text.

Types that DuckDB's scanner hands over unchanged, or changed so that it can be seen, are read
natively: a text costs server and reader twice. The scanner turns NaN numerics into 0.0, unbounded
numerics into DOUBLE and knows neither arrays nor enums. Add a type to ``_SAFE`` only with its odd
values in a test. Keep out: connections and catalogues (``postgresql.py``).
"""

import re
from dataclasses import dataclass

from citybase.duck import literal, quoted
from sources.connectors.base import TEXT_PREFIX
from sources.contract import Column

_WHOLE = frozenset({"int2", "int4", "int8"})
_REAL = frozenset({"float4", "float8"})
WORDS = frozenset({"text", "varchar", "bpchar", "name"})
# What is written in ASCII, whatever it says.
_PLAIN = (
    _WHOLE
    | _REAL
    | frozenset(
        {"bool", "numeric", "date", "timestamp", "timestamptz", "time", "timetz", "interval"}
        | {"uuid", "bytea", "inet", "cidr", "macaddr", "bit", "varbit"}
    )
)
_SAFE = _WHOLE | {"bool", "float8", "text", "varchar"}
# Days and instants beyond the registry's years, endless ones too, come as such and are refused by
# ``conversion.py``. (After 294246 the scanner's clock runs over, into the years before 290000 BC.)
_DAYS = {"date": {"date"}, "timestamp": {"date", "timestamp", "timestamptz"}}
_NUMERIC = re.compile(r"numeric\((\d+),(-?\d+)\)")
_LARGEST_PRECISION = 38

# Which source types can hold values of a registry type; text can hold any, varchar takes any.
_FITS = {
    "boolean": WORDS | _WHOLE | {"bool"},
    "smallint": WORDS | _WHOLE | {"numeric"},
    "integer": WORDS | _WHOLE | {"numeric"},
    "bigint": WORDS | _WHOLE | {"numeric"},
    "decimal": WORDS | _WHOLE | {"numeric"},
    "double": WORDS | _WHOLE | _REAL | {"numeric"},
    "date": WORDS | {"date"},
    "timestamp": WORDS | {"date", "timestamp", "timestamptz"},
}


@dataclass(frozen=True)
class Attribute:
    """A source column: ``kind`` is its name in pg_type (``domain`` for any domain), ``shown`` what
    format_type says: ``numeric(12,2)``.
    """

    kind: str
    shown: str

    @property
    def is_text(self) -> bool:
        """Whether its values are written in the database's encoding."""
        return self.kind not in _PLAIN


def fits(column_type: str, kind: str) -> bool:
    """Whether a source type, by its name in pg_type, can hold values of a registry type."""
    allowed = _FITS.get(column_type.split("(", maxsplit=1)[0])
    return allowed is None or kind in allowed


@dataclass(frozen=True)
class Asked:
    """A column that PostgreSQL is asked for, as its SQL, and how DuckDB reads what comes."""

    name: str
    sql: str
    read: str


def asked(column: Column, attribute: Attribute, *, bytes_of: str | None) -> list[Asked]:
    """What becomes of a source column; ``bytes_of`` is the database's encoding when its texts are
    to be read as bytes.
    """
    source, kind = quoted(column.source_name), attribute.kind
    if kind == "timestamptz":
        # The registry's timestamps are the city's own time.
        source = f"({source} at time zone 'Asia/Shanghai')"
    name = quoted(column.column)
    if bytes_of is not None and attribute.is_text:
        # From an encoding into itself: the bytes as they are stored.
        source = f"convert_to({source}::text, {literal(bytes_of)})"
    elif kind == "bpchar":
        # As text it has no blanks at its end; the server takes five times as long to cut them off.
        cut = f"case when suffix({name}, ' ') then rtrim({name}, ' ') else {name} end"
        return [Asked(column.column, source, cut)]
    elif _is_exact(column, attribute):
        text = TEXT_PREFIX + column.column
        is_odd = f"case when {source} = 'NaN' then 'NaN' end"
        # NaN came as 0.
        value = f"case when {quoted(text)} is null then {name} end"
        return [Asked(column.column, source, value), Asked(text, is_odd, quoted(text))]
    elif not _is_native(column, kind):
        source = f"{source}::text"
    return [Asked(column.column, source, name)]


def _is_native(column: Column, kind: str) -> bool:
    # DuckDB would call every whole number but 0 true.
    if column.type == "boolean" and kind in _WHOLE:
        return False
    return kind in _SAFE or kind in _DAYS.get(column.type, ())


def _is_exact(column: Column, attribute: Attribute) -> bool:
    """Whether a numeric has a DECIMAL of its own, and the registry asks for all its digits."""
    found = _NUMERIC.fullmatch(attribute.shown) if attribute.kind == "numeric" else None
    if found is None or not column.type.startswith("decimal"):
        return False
    precision, scale = int(found[1]), int(found[2])
    asked = int(column.type.rstrip(")").split(",")[1])
    return precision <= _LARGEST_PRECISION and 0 <= scale <= min(precision, asked)
