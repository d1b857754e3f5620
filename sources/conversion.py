"""How a source value becomes a registry type, or a reason why not: generated SQL for DuckDB.

A value parses only when nothing of it is lost: DuckDB's own casts round ``12.5`` to 13, read
``infinity`` and ``epoch`` as days and drop time zones, so every cast is checked against the form
that the type allows. Blank text is null for every type but varchar. Keep out: keys that repeat and
what happens to rejected rows (``segment.py``).
"""

from dataclasses import dataclass

from citybase.duck import literal, quoted
from sources.contract import sql_type
from sources.tables import LandedColumn

UNDECODABLE = "undecodable_bytes"
NULL_KEY = "key_missing"
NULL_VALUE = "value_missing"
NOT_FINITE = "not_finite"

_FIRST_DAY, _LAST_DAY = "0001-01-01", "9999-12-31"
_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6}0*)?)?"
_WHOLE = r"[+-]?\d+(\.0*)?"
_FORMS = {
    "boolean": r"t|f|true|false|0|1",
    "smallint": _WHOLE,
    "integer": _WHOLE,
    "bigint": _WHOLE,
    "double": r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|nan",
    "date": _DAY + r"([ T]0{1,2}:00(:00(\.0*)?)?)?",
    "timestamp": _DAY + rf"([ T]{_CLOCK})?",
}


@dataclass(frozen=True)
class Conversion:
    """SQL of one column: ``value`` has the registry type, ``problem`` is a reason or null.

    ``problem`` is empty when nothing can be wrong.
    """

    value: str
    problem: str


def conversion(
    column: LandedColumn,
    *,
    source_type: str,
    pattern: str | None,
    is_key: bool,
    bytes_column: str | None = None,
) -> Conversion:
    """How the relation's column ``column.code``, which DuckDB sees as ``source_type``, is read.

    ``pattern`` is the strptime pattern of text dates; ``bytes_column`` is where the relation keeps
    what could not be decoded.
    """
    raw = quoted(column.code)
    if column.type == "varchar":
        value, unreadable = f"cast({raw} as varchar)", "false"
    elif source_type == "VARCHAR":
        value = _parsed(raw, column.type, pattern)
        unreadable = (
            f"case when {raw} is null or trim({raw}) = '' then false "
            f"else not ({_lossless(raw, value, column.type, pattern)}) end"
        )
    else:
        value = f"try_cast({raw} as {sql_type(column.type)})"
        unreadable = f"{raw} is not null and {value} is null"
    cases = (
        []
        if bytes_column is None
        else [f"when {bytes_column} is not null then {literal(UNDECODABLE)}"]
    )
    cases += (
        [] if unreadable == "false" else [f"when {unreadable} then {literal('not_' + column.type)}"]
    )
    if column.type == "double":
        cases.append(f"when not isfinite({value}) then {literal(NOT_FINITE)}")
    if is_key:
        blank = f" or trim({value}) = ''" if column.type == "varchar" else ""
        cases.append(f"when {value} is null{blank} then {literal(NULL_KEY)}")
    elif not column.nullable:
        cases.append(f"when {value} is null then {literal(NULL_VALUE)}")
    return Conversion(value=value, problem=f"case {' '.join(cases)} end" if cases else "")


def _parsed(raw: str, column_type: str, pattern: str | None) -> str:
    if pattern is not None:
        return f"try_cast(try_strptime({raw}, {literal(pattern)}) as {sql_type(column_type)})"
    return f"try_cast({raw} as {sql_type(column_type)})"


def _lossless(raw: str, value: str, column_type: str, pattern: str | None) -> str:
    """Whether ``value`` is all that ``raw`` says. Never null."""
    same = f"coalesce(cast({value} as varchar) = {raw}, false)"
    if column_type in {"date", "timestamp"}:
        ordinary = (
            f"coalesce({value} between {literal(_FIRST_DAY)}::{sql_type(column_type)} "
            f"and {literal(_LAST_DAY + ' 23:59:59.999999')}::{sql_type(column_type)}, false)"
        )
        if pattern is not None:
            # Written out again it must be the same text: `2024101` is no %Y%m%d, and `infinity`,
            # which strptime reads as a day in 1900, is none either.
            written = f"strftime({value}, {literal(pattern)})"
            return f"{ordinary} and coalesce({written} = trim({raw}), false)"
    else:
        ordinary = f"{value} is not null"
    return (
        f"{ordinary} and case when {same} then true "
        f"else regexp_full_match({raw}, {literal(_form(column_type))}, 'i') end"
    )


def _form(column_type: str) -> str:
    """The regular expression of every text that the type can hold without loss."""
    if column_type.startswith("decimal"):
        scale = int(column_type.rstrip(")").split(",")[1])
        form = rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?|\.\d{{1,{max(scale, 1)}}}0*)"
    else:
        form = _FORMS[column_type]
    return rf"\s*({form})\s*"
