"""Permits that cross a border or let a foreigner stay. The twin of permit.sql.

Home-return permits (H/M), Taiwan compatriot permits, permanent-resident cards old and new, and the
social-security numbers given to people from Hong Kong, Macao and Taiwan. Add a document here by its
shape. Keep out: residence permits 81/82/830000, which are resident numbers (resident.py), and
passports, whose shapes differ by country.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from citybase.identifiers import resident
from citybase.identifiers.vocabulary import OK


@dataclass(frozen=True)
class Document:
    """One kind of permit.

    Attributes:
        code: its word in data.
        shape: the regular expression of its numbers.
        person_length: how many leading characters stay with the person.
    """

    code: str
    shape: str
    person_length: int


DOCUMENTS = (
    Document("home_return", r"^[HM]([0-9]{8}|[0-9]{10})$", 9),
    Document("taiwan_compatriot", r"^([0-9]{8}|[0-9]{10}[A-Z])$", 11),
    Document("permanent_resident", r"^9[0-9]{16}[0-9X]$", 18),
    Document("permanent_resident_old", r"^[A-Z]{3}[0-9]{12}$", 15),
    Document("social_security", r"^(HKG|MAC|TWN)0[0-9]{8}$", 12),
)


def document(number: pl.Expr) -> pl.Expr:
    """Which permit the shape is; null for none."""
    return pl.coalesce(
        pl.when(number.str.contains(known.shape)).then(pl.lit(known.code)) for known in DOCUMENTS
    )


def person_number(number: pl.Expr) -> pl.Expr:
    """What stays with the person: a home-return permit counts renewals in its last two digits."""
    return pl.coalesce(
        pl.when(number.str.contains(known.shape)).then(number.str.slice(0, known.person_length))
        for known in DOCUMENTS
    )


def grade(number: pl.Series, *, as_of: date) -> pl.DataFrame:
    """Grade permits.

    Args:
        number: normalised text, null for no number.
        as_of: the day after which the birth on a permanent-resident card lies in the future.

    Returns:
        One row per number, in order: number, document, person_number, grade. A card of 2023 is
        graded as a resident number is, its area apart; every other permit has no check character: a
        number of the right shape is unchecked (a warning), any other is charset.
    """
    n = pl.col("number")
    card = resident.grade(number, as_of=as_of, reference=None)
    return (
        pl.DataFrame({"number": number, "card": card["grade"]})
        .with_columns(document=document(n), person_number=person_number(n))
        .with_columns(
            grade=pl.when(n.is_null())
            .then(None)
            .when(pl.col("document") == "permanent_resident")
            .then(pl.col("card"))
            .when(pl.col("document").is_not_null())
            .then(pl.lit("unchecked"))
            .when(n.str.contains("^9") & (pl.col("card") != OK))
            .then(pl.col("card"))
            .otherwise(pl.lit("charset"))
        )
        .drop("card")
    )
