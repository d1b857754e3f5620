"""Numbers of any kind, mixed, into one table: kind, validity, every reason, and the parts.

Add a part here when a kind's module yields a new one. Keep out: deciding the kind (classify.py) and
checking it (the kind's own module).
"""

from collections.abc import Callable, Sequence
from datetime import date

import polars as pl

from citybase.identifiers import classify, licence, organisation, permit, resident
from citybase.identifiers.reference import Reference, load_reference
from citybase.identifiers.text import normalise
from citybase.identifiers.vocabulary import ERROR_REASONS, OK, Kind

PARTS = (
    "number_18",
    "document",
    "person_number",
    "area_code",
    "area_name",
    "birth_date",
    "sequence",
    "sex",
    "category_code",
    "category_name",
    "division_code",
    "division_name",
    "organisation_code",
    "registrar_code",
    "sector",
    "type_code",
    "issuer_code",
    "serial",
    "version",
    "check",
)
"""The fields of ``parts``, all text, null where the kind has no such part."""


def _reasons(*found: tuple[str, pl.Expr]) -> pl.Expr:
    """The grade first, then every further finding that holds, as a list."""
    listed = [pl.when(pl.col("grade") != OK).then(pl.col("grade"))]
    listed += [
        pl.when(holds.fill_null(value=False) & (pl.col("grade") != reason)).then(pl.lit(reason))
        for reason, holds in found
    ]
    return pl.concat_list(listed).list.drop_nulls().alias("reasons")


def _area_findings(judged: pl.Expr) -> tuple[tuple[str, pl.Expr], tuple[str, pl.Expr]]:
    in_force = pl.col("is_area_in_force")
    return ("area_unknown", judged & in_force.is_null()), ("area_historic", judged & ~in_force)


def _resident(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    graded = resident.grade(number, as_of=as_of, reference=reference)
    read = pl.col("n17").is_not_null()
    area = pl.col("area_code")
    document = pl.when(area.is_in(["810000", "820000", "830000"])).then(
        pl.lit("residence_permit_hmt")
    )
    reasons = graded.select(
        _reasons(
            ("date_impossible", ~pl.col("is_date_possible")),
            ("date_future", pl.col("is_date_possible") & pl.col("is_future")),
            ("checksum", ~pl.col("is_check_right")),
            *_area_findings(read & ~pl.col("is_permanent_resident")),
            ("century_ambiguous", read & pl.col("is_century_ambiguous")),
        )
    )
    named = graded.select(document=document, area_name=reference.area_name(area))
    parts = resident.parts(graded)
    return pl.concat([graded.select("grade"), reasons, named, parts], how="horizontal")


def _uscc(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del as_of
    read, n = pl.col("division_code").is_not_null(), pl.col("number")
    return organisation.grade_uscc(number, reference=reference).select(
        "grade",
        _reasons(
            ("checksum", ~pl.col("is_check_right")),
            ("organisation_checksum", ~pl.col("is_organisation_check_right")),
            ("category_unknown", read & pl.col("category_name").is_null()),
            *_area_findings(read),
        ),
        "category_code",
        "category_name",
        "division_code",
        division_name=reference.area_name(pl.col("division_code")),
        organisation_code=pl.when(read).then(n.str.slice(8, 9)),
        check=pl.when(read).then(n.str.slice(17, 1)),
    )


def _organisation(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del as_of, reference
    whole = pl.col("number").str.len_chars() == 9
    return organisation.grade_organisation(number).select(
        "grade",
        _reasons(),
        organisation_code=pl.when(whole).then(pl.col("number")),
        check=pl.when(whole).then(pl.col("number").str.slice(8, 1)),
    )


def _registration(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del as_of, reference
    n = pl.col("number")
    read = n.str.contains("^[0-9]{13}([0-9]{2})?$")
    full = read & (n.str.len_bytes() == 15)
    return organisation.grade_registration(number).select(
        "grade",
        _reasons(),
        registrar_code=pl.when(read).then(n.str.slice(0, 6)),
        sector=pl.when(full).then(organisation.registration_sector(n)),
        serial=pl.when(full).then(n.str.slice(6, 8)),
        check=pl.when(full).then(n.str.slice(14, 1)),
    )


def _licence(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del as_of, reference
    return licence.grade(number).select(
        "grade", _reasons(), "type_code", "issuer_code", "serial", "version", "check"
    )


def _permit(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del reference
    graded = permit.grade(number, as_of=as_of)
    card = resident.parts(resident.grade(number, as_of=as_of, reference=None))
    is_card = (graded["document"] == "permanent_resident").fill_null(value=False)
    parts = card.select(
        pl.when(is_card).then(pl.col(name)).alias(name)
        for name in ("birth_date", "sequence", "sex", "check")
    )
    return pl.concat(
        [graded.select("grade", _reasons(), "document", "person_number"), parts], how="horizontal"
    )


def _unknown(number: pl.Series, as_of: date, reference: Reference) -> pl.DataFrame:
    del as_of, reference
    scientific = pl.col("number").str.contains(r"^[0-9]([.][0-9]+)?E\+[0-9]+$")
    graded = pl.DataFrame({"number": number}).select(
        grade=pl.when(scientific)
        .then(pl.lit("scientific_notation"))
        .otherwise(pl.lit("unrecognised"))
    )
    return graded.with_columns(_reasons())


_ASSESS: dict[Kind, Callable[[pl.Series, date, Reference], pl.DataFrame]] = {
    Kind.RESIDENT: _resident,
    Kind.USCC: _uscc,
    Kind.ORGANISATION: _organisation,
    Kind.REGISTRATION: _registration,
    Kind.LICENCE: _licence,
    Kind.PERMIT: _permit,
    Kind.UNKNOWN: _unknown,
}


def _passes(number: pl.Series, as_of: date) -> pl.DataFrame:
    """Which numbers pass a whole check: shape, date and check character, the code tables apart."""
    found = resident.grade(number, as_of=as_of, reference=None)["grade"]
    uscc = organisation.grade_uscc(number, reference=None)["grade"]
    registration = organisation.grade_registration(number)["grade"]
    return pl.DataFrame(
        {
            "number": number,
            "passes_resident": (found == OK).fill_null(value=False),
            "passes_uscc": (uscc == OK).fill_null(value=False),
            "passes_registration": (registration == OK).fill_null(value=False),
        }
    )


def identify(numbers: Sequence[str], *, as_of: date) -> pl.DataFrame:
    """Say of every number what it is and whether it holds.

    Args:
        numbers: as written: full-width, spaced and lower-case forms are understood.
        as_of: the day that says which births lie in the future and which division codes are in
            force.

    Returns:
        One row per number, in order: number (as given), kind (`Kind`), valid, reasons (list of
        `vocabulary.REASONS`, the gravest first, empty when nothing was found), parts (a struct of
        `PARTS`, all text).
    """
    reference = load_reference(as_of)
    given = pl.DataFrame({"given": list(numbers)}, schema={"given": pl.String})
    number = given.select(number=normalise(pl.col("given"))).to_series()
    kinds = classify.kind(_passes(number, as_of), reference=reference)
    placed = pl.DataFrame({"number": number, "kind": kinds}).with_row_index("place")
    assessed = [
        pl.concat(
            [
                group.select("place", "kind"),
                _ASSESS[Kind(str(name))](group["number"], as_of, reference),
            ],
            how="horizontal",
        )
        for (name,), group in placed.group_by("kind", maintain_order=True)
    ]
    empty = pl.DataFrame(
        schema={
            "place": pl.UInt32,
            "kind": pl.String,
            "grade": pl.String,
            "reasons": pl.List(pl.String),
            **dict.fromkeys(PARTS, pl.String),
        }
    )
    return (
        pl.concat([empty, *assessed], how="diagonal")
        .sort("place")
        .with_columns(number=given["given"])
        .select(
            "number",
            "kind",
            valid=~pl.col("reasons").list.eval(pl.element().is_in(ERROR_REASONS)).list.any(),
            reasons="reasons",
            parts=pl.struct(PARTS),
        )
    )
