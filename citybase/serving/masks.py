"""The closed list of masks, each as one SQL expression of DuckDB (STANDARDS.md B9).

A text mask keeps the length, leaves NULL and the empty text alone, and changes nothing when applied
twice. ``address`` and ``birth_month`` generalise instead of hiding characters. Add a kind here when
no existing one hides enough or keeps enough, with its properties in ``tests/unit/serving``. Keep
out: who sees a mask (``audience.py``).
"""

import re
from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from citybase.duck import literal
from citybase.masking import COMPOUND_SURNAMES

MaskKind = Literal[
    "drop",
    "name",
    "resident_number",
    "number_tail",
    "phone",
    "address",
    "birth_month",
    "individual_business",
]
MASK_KINDS: tuple[str, ...] = get_args(MaskKind)

NOTES: dict[MaskKind, str] = {
    "drop": "已删除",
    "name": "已脱敏:只留姓氏,三字名另留末字",
    "resident_number": "已脱敏:只留前六位",
    "number_tail": "已脱敏:只留末几位",
    "phone": "已脱敏:只留前三位和末四位",
    "address": "已脱敏:只到县区",
    "birth_month": "已脱敏:只到年月",
    "individual_business": "个体工商户的值已隐去",
}
"""What is added to a column's comment, so that the file itself says what was hidden."""

_INDIVIDUAL_BUSINESS = "92"


@dataclass(frozen=True)
class Region:
    """Names of the divisions (GB/T 2260), present and past, of one first digit of the code."""

    provinces: tuple[str, ...]
    prefectures: tuple[str, ...]
    counties: tuple[str, ...]


@dataclass(frozen=True)
class MaskContext:
    """What a mask needs beside its own column.

    ``regions`` are needed by ``address``: all an address may keep. ``is_organisation`` is needed
    by ``individual_business``: a SQL condition, never NULL, that holds when the row's entity is
    known not to be one.
    """

    regions: tuple[Region, ...] = ()
    is_organisation: str | None = None


def accepts(kind: MaskKind, *, data_type: str) -> bool:
    """Whether a column of that DuckDB type can be masked so."""
    if kind == "drop":
        return True
    if kind == "birth_month":
        return data_type == "DATE" or data_type.startswith("TIMESTAMP")
    return data_type == "VARCHAR"


def published_name(kind: MaskKind, *, column: str) -> str:
    """The name of the masked column: a date cut to its month is no longer called a date."""
    if kind == "birth_month" and column.endswith("_date"):
        return column.removesuffix("_date") + "_month"
    return column


def mask_sql(kind: MaskKind, *, column: str, value: str, context: MaskContext) -> str | None:
    """The masked value as a SQL expression; None when nothing is shown at all.

    Args:
        kind: the mask.
        column: the column's name.
        value: the column as a SQL expression of a type that ``accepts`` allows.
        context: regions and entity condition, for the kinds that need them.
    """
    match kind:
        case "drop":
            return None
        case "name":
            return _name(value)
        case "resident_number":
            return _resident_number(value)
        case "number_tail":
            return _number_tail(value)
        case "phone":
            return _phone(value)
        case "address":
            return _address(value, context.regions)
        case "birth_month":
            return f"strftime({value}, '%Y-%m')"
        case "individual_business":
            return _individual_business(value, column=column, condition=context.is_organisation)
        case _:
            assert_never(kind)


def organisation_condition(*, uscc: str, registration_number: str | None) -> str:
    """A SQL condition that holds when an entity is known not to be an individual business.

    A well-formed USCC (GB 32100) that does not begin with 92 proves it; without a USCC, a
    registration number (GS 15-2006) whose 7th digit is 0-5 does. Anything else counts as an
    individual business, so that what is unknown stays hidden.
    """
    proofs = [
        f"(regexp_full_match({uscc}, '[0-9A-HJ-NPQRTUWXY]{{18}}')"
        f" and left({uscc}, 2) <> '{_INDIVIDUAL_BUSINESS}')"
    ]
    if registration_number is not None:
        proofs.append(
            f"({uscc} is null"
            f" and regexp_full_match({registration_number}, '[0-9]{{6}}[0-5][0-9]{{8}}'))"
        )
    return f"coalesce({' or '.join(proofs)}, false)"


def _stars(value: str) -> str:
    return f"repeat('*', length({value}))"


def _name(value: str) -> str:
    compound = ", ".join(literal(surname) for surname in COMPOUND_SURNAMES)
    return (
        f"case when length({value}) <= 1 then {_stars(value)}"
        f" when length({value}) >= 3 and left({value}, 2) in ({compound})"
        f" then left({value}, 2) || repeat('*', length({value}) - 2)"
        f" when length({value}) = 3 then left({value}, 1) || '*' || right({value}, 1)"
        f" else left({value}, 1) || repeat('*', length({value}) - 1) end"
    )


def _resident_number(value: str) -> str:
    # No tail: the last four digits beside a birth date or month rebuild the whole number, because
    # the area is nearly always the county and the check digit settles what is left.
    return (
        f"case when length({value}) in (15, 18)"
        f" then left({value}, 6) || repeat('*', length({value}) - 6)"
        f" else {_stars(value)} end"
    )


def _number_tail(value: str) -> str:
    kept = f"least(4, cast(floor(length({value}) / 3) as integer))"
    return (
        # A column of mixed numbers may hold resident numbers, whose tail must not be shown.
        f"case when regexp_full_match({value}, '[0-9]{{15}}|[0-9]{{17}}[0-9Xx]')"
        f" then {_stars(value)}"
        f" else repeat('*', length({value}) - {kept}) || right({value}, {kept}) end"
    )


def _phone(value: str) -> str:
    return (
        f"case when length({value}) >= 11"
        f" then left({value}, 3) || repeat('*', length({value}) - 7) || right({value}, 4)"
        f" else {_stars(value)} end"
    )


def _address(value: str, regions: tuple[Region, ...]) -> str:
    if not regions:
        raise ValueError("the mask `address` needs the names of the divisions")
    # Every character that is kept comes from the closed list of division names. One pattern per
    # region: a single one for the whole country outgrows the automaton of DuckDB's regular
    # expressions and costs over 35 µs a row instead of 0.7.
    found = (
        f"nullif(regexp_extract(replace({value}, ' ', ''), {literal(_prefix(region))}), '')"
        for region in regions
    )
    return f"coalesce({', '.join(found)}, null)"


def _prefix(region: Region) -> str:
    return (
        f"^(?:{_alternatives(region.provinces)})?(?:{_alternatives(region.prefectures)})?"
        f"(?:{_alternatives(region.counties)})"
    )


def _alternatives(names: tuple[str, ...]) -> str:
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return "|".join(re.escape(name) for name in longest_first)


def _individual_business(value: str, *, column: str, condition: str | None) -> str:
    if condition is None:
        raise ValueError("the mask `individual_business` needs the condition of its entity")
    hidden = _stars(value)
    if column == "uscc":
        # The first two characters say that it is an individual business, not whose.
        hidden = f"left({value}, 2) || repeat('*', greatest(length({value}) - 2, 0))"
    return f"case when {condition} then {value} else {hidden} end"
