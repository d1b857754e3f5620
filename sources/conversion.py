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
# Types whose values reach beyond what the registry means by them.
_ENDLESS = frozenset({"date", "timestamp"})
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
    """SQL of one column.

    ``value`` has the registry type. ``problem`` is a reason or null, and reads the value under
    ``typed_name(code)``, so that it is not converted twice; empty when nothing can be wrong.
    ``suspect`` is true where there is a problem, in a form that costs little for each good row.
    """

    value: str
    problem: str
    suspect: str


def typed_name(code: str) -> str:
    """What a converted column is called beside its raw one."""
    return quoted(f"_typed_{code}")


def conversion(
    column: LandedColumn,
    *,
    source_type: str,
    pattern: str | None,
    is_key: bool,
    bytes_column: str | None = None,
    text_column: str | None = None,
    damage_column: str | None = None,
) -> Conversion:
    """How the relation's column ``column.code``, which DuckDB sees as ``source_type``, is read.

    ``pattern`` is the strptime pattern of text dates; ``bytes_column`` is where the relation keeps
    what could not be decoded, ``text_column`` what its type has not, and ``damage_column`` where it
    says why a value must not land.
    """
    raw, typed = quoted(column.code), typed_name(column.code)
    value = f"try_cast({raw} as {sql_type(column.type)})"
    cases: dict[str, str] = {}
    if bytes_column is not None:
        cases[f"{bytes_column} is not null"] = UNDECODABLE
    if text_column is not None:
        cases[f"{text_column} is not null"] = f"not_{column.type}"
    if column.type == "varchar":
        value = f"cast({raw} as varchar)"
    elif source_type == "VARCHAR":
        if pattern is not None:
            parsed = f"try_strptime({raw}, {literal(pattern)})"
            value = f"try_cast({parsed} as {sql_type(column.type)})"
        cases[_unreadable(raw, typed, column.type, pattern)] = f"not_{column.type}"
    else:
        cases |= _misfits(raw, typed, column.type, source_type)
    if column.type == "double":
        cases[f"not isfinite({typed})"] = NOT_FINITE
    if is_key and column.type == "varchar":
        cases[f"{typed} is null or trim({typed}) = ''"] = NULL_KEY
    elif not column.nullable:
        cases[f"{typed} is null"] = NULL_KEY if is_key else NULL_VALUE
    whens = " ".join(f"when {test} then {literal(reason)}" for test, reason in cases.items())
    tests = [*cases]
    if damage_column is not None:
        whens = f"when {damage_column} is not null then {damage_column} {whens}"
        tests.append(f"{damage_column} is not null")
    return Conversion(
        value=value,
        problem=f"case {whens} end" if whens else "",
        suspect=" or ".join(f"({test})" for test in tests),
    )


def _misfits(raw: str, typed: str, column_type: str, source_type: str) -> dict[str, str]:
    """What can go wrong with a value that is no text."""
    tests = []
    if source_type != sql_type(column_type).upper():
        tests.append(f"{typed} is null and {raw} is not null")
    if column_type in _ENDLESS:
        tests.append(f"not ({_in_calendar(typed, column_type)})")
    return {" or ".join(tests): f"not_{column_type}"} if tests else {}


def _unreadable(raw: str, typed: str, column_type: str, pattern: str | None) -> str:
    """Whether the text ``raw`` says something that ``typed`` does not. Never null."""
    plausible = _in_calendar(typed, column_type) if column_type in _ENDLESS else "true"
    if pattern is None:
        written = f"cast({typed} as varchar)"
        fits = f"regexp_full_match({raw}, {literal(form(column_type))}, 'i')"
    else:
        # Written out again it must be the same text: `2024101` is no %Y%m%d, and `infinity`, which
        # strptime reads as a day in 1900, is none either.
        written = f"strftime({typed}, {literal(pattern)})"
        fits = f"{written} = trim({raw})"
    # Nearly every value is written as DuckDB itself would write it; only others are looked at.
    return (
        f"case when {written} = {raw} then not ({plausible}) "
        f"when {raw} is null or trim({raw}) = '' then false "
        f"else {typed} is null or not ({plausible}) or not ({fits}) end"
    )


def _in_calendar(typed: str, column_type: str) -> str:
    """Whether a day or an instant has a year of four digits; null when it is null."""
    kind = sql_type(column_type)
    return (
        f"{typed} between {literal(_FIRST_DAY)}::{kind} "
        f"and {literal(_LAST_DAY + ' 23:59:59.999999')}::{kind}"
    )


def source_text(value: str, *, source_type: str) -> str:
    """SQL of a raw value for a person to read, where JSON or DuckDB would write it otherwise than
    its source does: days before Christ, decimals.
    """
    if source_type in {"DATE", "TIMESTAMP"}:
        written = f"cast({value} as varchar)"
        return f"regexp_replace({written}, '^(.*) [(]BC[)](.*)$', '\\1\\2 BC')"
    return f"cast({value} as varchar)" if source_type.startswith("DECIMAL") else value


def form(column_type: str) -> str:
    """The regular expression of every text that the type can hold without loss."""
    if column_type.startswith("decimal"):
        scale = int(column_type.rstrip(")").split(",")[1])
        form = rf"[+-]?(\d+(\.\d{{0,{scale}}}0*)?|\.\d{{1,{max(scale, 1)}}}0*)"
    else:
        form = _FORMS[column_type]
    return rf"\s*({form})\s*"
