"""Which kind a number is, when nobody says: the decision of a clerk, for damaged numbers too.

Every rule of preference between kinds stands here, with its reason. Keep out: what each kind's
grade means (its own module).

A number that passes one kind's whole check is that kind. Otherwise its length and its parts speak:
a date where a resident number has one, a division where a resident number or a USCC has one, a
known category pair. See docs/identifiers.md for the cases.
"""

import polars as pl

from citybase.identifiers import permit, resident
from citybase.identifiers.reference import Reference
from citybase.identifiers.vocabulary import Kind

_NUMBER = pl.col("number")


def _evidence(reference: Reference) -> list[pl.Expr]:
    """What the parts of a number of 14-20 characters say, whatever is damaged elsewhere."""
    birth = _NUMBER.str.slice(6, 8)
    readable = pl.when(birth.str.contains("^[0-9]{8}$")).then(birth).cast(pl.Int64)
    is_date = resident.is_date_possible(readable).fill_null(value=False)
    lives = reference.area_status(_NUMBER.str.slice(0, 6)).is_not_null()
    registers = reference.area_status(_NUMBER.str.slice(2, 6), holder="registrar").is_not_null()
    category = reference.category_name(_NUMBER.str.slice(0, 2)).is_not_null()
    lettered = _NUMBER.str.slice(8, 8).str.contains("[A-HJ-NPQRTUWXY]")
    return [
        (2 * is_date.cast(pl.Int8) + lives.cast(pl.Int8)).alias("as_resident"),
        (
            category.cast(pl.Int8) * (1 + 2 * registers.cast(pl.Int8)) + 2 * lettered.cast(pl.Int8)
        ).alias("as_uscc"),
        lives.alias("is_area"),
    ]


def _eighteen() -> pl.Expr:
    """18 characters: a resident number, a permanent-resident card, or a USCC.

    Two passes at once are left to the USCC: a USCC looks like a card by chance once in ten
    thousand, a card like a USCC three times in a thousand, but there are far more than forty USCCs
    to one card.
    """
    card = _NUMBER.str.starts_with("9")
    mostly_digits = _NUMBER.str.count_matches("[0-9]") >= 14
    return (
        pl.when("passes_uscc")
        .then(pl.lit(Kind.USCC))
        .when(pl.col("passes_resident") & card)
        .then(pl.lit(Kind.PERMIT))
        .when(pl.col("passes_resident"))
        .then(pl.lit(Kind.RESIDENT))
        .when(pl.col("as_uscc") > pl.col("as_resident"))
        .then(pl.lit(Kind.USCC))
        .when(card & (pl.col("as_resident") > 0))
        .then(pl.lit(Kind.PERMIT))
        .when(mostly_digits)
        .then(pl.lit(Kind.RESIDENT))
        .when(pl.col("as_resident") > 0)
        .then(pl.lit(Kind.RESIDENT))
        .otherwise(pl.lit(Kind.USCC))
    )


def _fifteen() -> pl.Expr:
    """15 characters: an old resident number, a registration number, or an old resident card.

    A registration number holds a possible date by chance once in thirty, a resident number passes
    the registration check once in ten: a possible date and a known area decide, then the check.
    Neither right: the month a date would have decides.
    """
    month = _NUMBER.str.slice(8, 2).cast(pl.Int32, strict=False)
    has_date = resident.is_date_possible(resident.birth_number(resident.n17(_NUMBER))).fill_null(
        value=False
    )
    digits = _NUMBER.str.contains("^[0-9]{15}$")
    return (
        pl.when(_NUMBER.str.contains("^[A-Z]{3}[0-9A-Z]{12}$"))
        .then(pl.lit(Kind.PERMIT))
        .when(has_date & pl.col("is_area"))
        .then(pl.lit(Kind.RESIDENT))
        .when(pl.col("passes_registration"))
        .then(pl.lit(Kind.REGISTRATION))
        .when(has_date | month.is_between(1, 12) | ~digits)
        .then(pl.lit(Kind.RESIDENT))
        .otherwise(pl.lit(Kind.REGISTRATION))
    )


def _near_eighteen() -> pl.Expr:
    """14, 16, 17, 19 or 20 characters: a number that lost or gained some."""
    digits = _NUMBER.str.count_matches("[0-9]") >= _NUMBER.str.len_chars() - 2
    return (
        pl.when((pl.col("as_uscc") > pl.col("as_resident")) & (pl.col("as_uscc") > 1))
        .then(pl.lit(Kind.USCC))
        .when(digits & (pl.col("as_resident") > 0))
        .then(pl.lit(Kind.RESIDENT))
        .otherwise(pl.lit(Kind.UNKNOWN))
    )


def kind(passes: pl.DataFrame, *, reference: Reference) -> pl.Series:
    """The kind of every number.

    Args:
        passes: number (normalised text), passes_resident, passes_uscc, passes_registration
            (booleans: no error found).
        reference: the code tables.

    Returns:
        One `Kind` value as text per row.
    """
    length = _NUMBER.str.len_chars()
    permitted = permit.document(_NUMBER).is_not_null()
    chosen = (
        pl.when(_NUMBER.is_null())
        .then(pl.lit(Kind.UNKNOWN))
        .when(_NUMBER.str.starts_with("1.2.156.") | (_NUMBER.str.count_matches("[.]") >= 5))
        .then(pl.lit(Kind.LICENCE))
        .when(length == 18)
        .then(_eighteen())
        .when(length == 15)
        .then(_fifteen())
        .when(permitted | _NUMBER.str.contains("^[HM][0-9]{7,11}$|^(HKG|MAC|TWN)0"))
        .then(pl.lit(Kind.PERMIT))
        .when((length == 13) & _NUMBER.str.contains("^[0-9]{13}$") & pl.col("is_area"))
        .then(pl.lit(Kind.REGISTRATION))
        .when(
            _NUMBER.str.contains("^[0-9A-Z]{9}$|^[0-9A-Z]{0,7}[A-Z][0-9A-Z]{0,7}$")
            & length.is_in([8, 9])
        )
        .then(pl.lit(Kind.ORGANISATION))
        .when(length.is_between(14, 20))
        .then(_near_eighteen())
        .otherwise(pl.lit(Kind.UNKNOWN))
    )
    return (
        passes.lazy()
        .with_columns(_evidence(reference))
        .select(chosen.alias("kind"))
        .collect()
        .to_series()
    )
