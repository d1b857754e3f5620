"""Resident numbers, GB 11643-1999 and -1989: grade, 15 to 18, parts; see resident_number.sql.

The same rules hold for the residence permits of people from Hong Kong, Macao and Taiwan (810000,
820000, 830000) and, but for the area, for the permanent-resident cards of 2023, which start with 9.
Add here what is said about such a number from its characters alone. Keep out: names and addresses,
and other permits (permit.py).
"""

from datetime import date

import polars as pl

from citybase.identifiers import checksum
from citybase.identifiers.reference import Reference
from citybase.identifiers.vocabulary import OK

EARLIEST_YEAR = 1800
"""Nobody born before it can hold a number: the standard's own oldest sample is a birth of 1880."""

_PERMANENT_RESIDENT = 9 * 10**16


def n17(number: pl.Expr) -> pl.Expr:
    """The first 17 digits as one Int64, a 15-digit number upgraded; null when it cannot be read.

    It is the anchor for matching: the 15- and 18-digit forms of one number share it, and so do a
    number and its copy with a damaged check character.
    """
    new = number.str.contains(r"^[0-9]{17}[0-9X]$")
    old = number.str.contains(r"^[0-9]{15}$")
    whole = pl.when(new).then(number.str.slice(0, 17)).when(old).then(number).cast(pl.Int64)
    upgraded = (whole // 10**9) * 10**11 + 19 * 10**9 + whole % 10**9
    return pl.when(number.str.len_bytes() == 15).then(upgraded).otherwise(whole)


def birth_number(n17: pl.Expr) -> pl.Expr:
    """YYYYMMDD as one integer; may be no date."""
    return (n17 // 1000) % 10**8


def is_date_possible(birth_number: pl.Expr) -> pl.Expr:
    """Whether YYYYMMDD is a day of the calendar, from 1800 on."""
    year, month, day = birth_number // 10000, birth_number // 100 % 100, birth_number % 100
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = (
        pl.when(month == 2)
        .then(28 + leap.cast(pl.Int64))
        .when(month.is_in([4, 6, 9, 11]))
        .then(30)
        .otherwise(31)
    )
    return (year >= EARLIEST_YEAR) & month.is_between(1, 12) & (day >= 1) & (day <= days)


def is_check_right(number: pl.Expr, n17: pl.Expr) -> pl.Expr:
    """Whether the 18th character is right; 15-digit numbers have none and are right."""
    last = number.str.slice(17, 1)
    value = pl.when(last == "X").then(pl.lit("10")).otherwise(last).cast(pl.Int64, strict=False)
    return (number.str.len_bytes() == 15) | ((checksum.resident_remainder(n17) + value) % 11 == 1)


def is_permanent_resident(number: pl.Expr, n17: pl.Expr) -> pl.Expr:
    """Whether it is a permanent-resident card of 2023: 18 characters, the first 9."""
    return (number.str.len_bytes() == 18) & (n17 >= _PERMANENT_RESIDENT)


def is_century_ambiguous(number: pl.Expr) -> pl.Expr:
    """Whether a 15-digit number has the sequence 996-999: the person may be born in 18xx."""
    return number.str.contains(r"^[0-9]{12}99[6-9]$")


def number_18(number: pl.Expr, n17: pl.Expr) -> pl.Expr:
    """The 18-character form: itself, or a 15-digit number upgraded; null when it cannot be read."""
    body = n17.cast(pl.String).str.zfill(17)
    upgraded = pl.concat_str(body, checksum.resident_check(n17))
    return (
        pl.when(n17.is_null())
        .then(None)
        .when(number.str.len_bytes() == 15)
        .then(upgraded)
        .otherwise(number)
    )


def _grade(*, reference: Reference | None, area: pl.Expr) -> pl.Expr:
    graded = (
        pl.when(pl.col("number").is_null())
        .then(None)
        .when(~pl.col("number").str.len_chars().is_in([15, 18]))
        .then(pl.lit("length"))
        .when(pl.col("n17").is_null())
        .then(pl.lit("charset"))
        .when(~pl.col("is_date_possible"))
        .then(pl.lit("date_impossible"))
        .when(pl.col("is_future"))
        .then(pl.lit("date_future"))
        .when(~pl.col("is_check_right"))
        .then(pl.lit("checksum"))
    )
    if reference is not None:
        graded = (
            graded.when(pl.col("is_permanent_resident"))
            .then(pl.lit(OK))
            .when(area.is_null())
            .then(pl.lit("area_unknown"))
            .when(~area)
            .then(pl.lit("area_historic"))
        )
    return graded.otherwise(pl.lit(OK))


def grade(number: pl.Series, *, as_of: date, reference: Reference | None) -> pl.DataFrame:
    """Grade resident numbers and take them apart.

    Args:
        number: normalised text (`text.normalise`), null for no number.
        as_of: the day after which a birth lies in the future.
        reference: the code tables of that day; None leaves the area unjudged.

    Returns:
        One row per number, in order: number, n17 (Int64), area_code (six characters), birth_number
        (YYYYMMDD), is_date_possible, is_future, is_check_right, is_permanent_resident,
        is_century_ambiguous, is_area_in_force (null: never a code), grade
        (`vocabulary.RESIDENT_GRADES`, null for null).
    """
    today = as_of.year * 10000 + as_of.month * 100 + as_of.day
    n, n17_ = pl.col("number"), pl.col("n17")
    area_code = pl.when(n17_.is_not_null()).then(n.str.slice(0, 6))
    in_force = pl.lit(None, pl.Boolean)
    if reference is not None:
        in_force = reference.area_status(pl.col("area_code"))
    return (
        pl.LazyFrame({"number": number})
        .with_columns(n17=n17(n))
        .with_columns(birth_number=birth_number(n17_), area_code=area_code)
        .with_columns(
            is_date_possible=is_date_possible(pl.col("birth_number")),
            is_future=pl.col("birth_number") > today,
            is_check_right=is_check_right(n, n17_),
            is_permanent_resident=is_permanent_resident(n, n17_),
            is_century_ambiguous=is_century_ambiguous(n),
            is_area_in_force=in_force,
        )
        .with_columns(grade=_grade(reference=reference, area=pl.col("is_area_in_force")))
        .collect()
    )


def parts(graded: pl.DataFrame) -> pl.DataFrame:
    """The parts of graded resident numbers, all text.

    Returns:
        area_code, number_18, birth_date (ISO 8601), sequence, sex (GB/T 2261.1), check.
    """
    n17_, sequence = pl.col("n17"), pl.col("n17") % 1000
    birth = pl.col("birth_number").cast(pl.String).str.zfill(8)
    iso = pl.concat_str(
        birth.str.slice(0, 4), birth.str.slice(4, 2), birth.str.slice(6, 2), separator="-"
    )
    male = sequence % 2 == 1
    return graded.select(
        "area_code",
        number_18=number_18(pl.col("number"), n17_),
        birth_date=pl.when(pl.col("is_date_possible")).then(iso),
        sequence=sequence.cast(pl.String).str.zfill(3),
        sex=pl.when(n17_.is_not_null()).then(
            pl.when(male).then(pl.lit("1")).otherwise(pl.lit("2"))
        ),
    ).with_columns(check=pl.col("number_18").str.slice(17, 1))
