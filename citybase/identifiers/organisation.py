"""Numbers of organisations: USCC (GB 32100), their code (GB 11714), registration (GS 15-2006).

The twin of social_credit_code.sql, organisation_code.sql and registration_number.sql. Add here what
is said about such a number from its characters and the code tables. Keep out: which organisation it
names.
"""

import polars as pl

from citybase.identifiers import checksum
from citybase.identifiers.reference import Reference
from citybase.identifiers.vocabulary import OK

_USCC_SHAPE = r"^[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}$"
_ORGANISATION_SHAPE = r"^[0-9A-Z]{8}[0-9X]$"
_REGISTRATION_SHAPE = r"^([0-9]{13}|[0-9]{15})$"


def _codes(shape: str, length: int) -> pl.Expr:
    """The characters of the numbers that have the shape; null for the others."""
    number = pl.col("number")
    return checksum.characters(
        pl.when(number.str.contains(shape) & (number.str.len_bytes() == length)).then(number),
        length,
    )


def grade_uscc(number: pl.Series, *, reference: Reference | None) -> pl.DataFrame:
    """Grade unified social credit codes by both checks and both code tables.

    Args:
        number: normalised text, null for no number.
        reference: the code tables; None leaves category and division unjudged.

    Returns:
        One row per number, in order: number, is_check_right, is_organisation_check_right (GB 11714
        inside; both null when the shape is wrong), category_code, division_code, category_name,
        is_area_in_force (null: never a code), grade: length, charset, checksum,
        organisation_checksum (errors), category_unknown, area_unknown, area_historic (warnings),
        ok.
    """
    n = pl.col("number")
    frame = (
        pl.LazyFrame({"number": number})
        .with_columns(codes=_codes(_USCC_SHAPE, 18))
        .with_columns(
            is_check_right=checksum.uscc_holds(pl.col("codes")),
            is_organisation_check_right=checksum.organisation_holds(pl.col("codes"), start=8),
            category_code=pl.when(pl.col("codes").is_not_null()).then(n.str.slice(0, 2)),
            division_code=pl.when(pl.col("codes").is_not_null()).then(n.str.slice(2, 6)),
        )
    )
    graded = (
        pl.when(n.is_null())
        .then(None)
        .when(n.str.len_chars() != 18)
        .then(pl.lit("length"))
        .when(pl.col("codes").is_null())
        .then(pl.lit("charset"))
        .when(~pl.col("is_check_right"))
        .then(pl.lit("checksum"))
        .when(~pl.col("is_organisation_check_right"))
        .then(pl.lit("organisation_checksum"))
    )
    category, area = pl.lit(None, pl.String), pl.lit(None, pl.Boolean)
    if reference is not None:
        category = reference.category_name(pl.col("category_code"))
        area = reference.area_status(pl.col("division_code"), holder="registrar")
        graded = (
            graded.when(pl.col("category_name").is_null())
            .then(pl.lit("category_unknown"))
            .when(pl.col("is_area_in_force").is_null())
            .then(pl.lit("area_unknown"))
            .when(~pl.col("is_area_in_force"))
            .then(pl.lit("area_historic"))
        )
    return (
        frame.with_columns(category_name=category, is_area_in_force=area)
        .with_columns(grade=graded.otherwise(pl.lit(OK)))
        .drop("codes")
        .collect()
    )


def grade_organisation(number: pl.Series) -> pl.DataFrame:
    """Grade organisation codes, hyphen dropped: number and grade.

    Grades are length, charset, checksum, ok; null for null.
    """
    n = pl.col("number")
    return (
        pl.LazyFrame({"number": number})
        .with_columns(codes=_codes(_ORGANISATION_SHAPE, 9))
        .with_columns(
            grade=pl.when(n.is_null())
            .then(None)
            .when(n.str.len_chars() != 9)
            .then(pl.lit("length"))
            .when(pl.col("codes").is_null())
            .then(pl.lit("charset"))
            .when(~checksum.organisation_holds(pl.col("codes")))
            .then(pl.lit("checksum"))
            .otherwise(pl.lit(OK))
        )
        .drop("codes")
        .collect()
    )


def grade_registration(number: pl.Series) -> pl.DataFrame:
    """Grade registration numbers: number, grade.

    Grades are length, charset, checksum (errors), unchecked (a 13-digit number from before 2007,
    which has no check: a warning), ok; null for null.
    """
    n = pl.col("number")
    return (
        pl.LazyFrame({"number": number})
        .with_columns(codes=_codes(_REGISTRATION_SHAPE, 15))
        .with_columns(
            grade=pl.when(n.is_null())
            .then(None)
            .when(~n.str.len_chars().is_in([13, 15]))
            .then(pl.lit("length"))
            .when(~n.str.contains(_REGISTRATION_SHAPE))
            .then(pl.lit("charset"))
            .when(n.str.len_bytes() == 13)
            .then(pl.lit("unchecked"))
            .when(~checksum.registration_holds(pl.col("codes")))
            .then(pl.lit("checksum"))
            .otherwise(pl.lit(OK))
        )
        .drop("codes")
        .collect()
    )


def registration_sector(number: pl.Expr) -> pl.Expr:
    """What the seventh digit says (GS 15-2006): domestic, foreign or individual."""
    digit = number.str.slice(6, 1).cast(pl.Int32, strict=False)
    return (
        pl.when(digit.is_between(0, 3))
        .then(pl.lit("domestic"))
        .when(digit.is_between(4, 5))
        .then(pl.lit("foreign"))
        .when(digit.is_between(6, 9))
        .then(pl.lit("individual"))
    )
