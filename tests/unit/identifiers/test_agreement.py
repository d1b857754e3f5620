"""The macros in DuckDB, the polars twin and the plain standard say the same of every number."""

from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from citybase.identifiers import licence, organisation, permit, resident
from citybase.identifiers.reference import Reference
from citybase.identifiers.text import REPLACEMENTS, normalise
from tests.unit.identifiers import generator, standard
from tests.unit.identifiers.conftest import AS_OF

pytestmark = pytest.mark.integration

RESIDENTS, OTHERS, SAMPLE = 1_050_000, 240_000, 12_000


def load(warehouse: duckdb.DuckDBPyConnection, query: str, sql: dict[str, str]) -> None:
    """Tables `raw_number` and `number` (normalised in SQL, in order)."""
    warehouse.execute(f"create table raw_number as {query}")
    warehouse.execute(
        f"create table number as select i, raw, {sql['normalise']} as number from raw_number"
    )


def normalised(warehouse: duckdb.DuckDBPyConnection) -> pl.Series:
    """The numbers normalised in polars, after seeing that SQL did the same."""
    frame = warehouse.execute("select raw, number from number order by i").pl()
    twin = frame.select(number=normalise(pl.col("raw"))).to_series()
    assert twin.ne_missing(frame["number"]).sum() == 0
    sample = frame["raw"].head(SAMPLE).to_list()
    assert twin.head(SAMPLE).to_list() == [standard.normalised(text) for text in sample]
    return twin


def disagreements(ours: pl.Series, theirs: pl.Series) -> int:
    assert len(ours) == len(theirs)
    return int(ours.ne_missing(theirs).sum())


def against_standard(
    number: pl.Series, grade: pl.Series, rule: Callable[[str | None], str | None]
) -> None:
    assert grade.head(SAMPLE).to_list() == [rule(n) for n in number.head(SAMPLE).to_list()]


def seen(grade: pl.Series, names: str) -> None:
    """Every outcome, and each some hundred times: agreeing on few of them would prove little."""
    counts = dict(grade.drop_nulls().value_counts().rows())
    assert set(counts) == set(names.split())
    assert min(counts.values()) >= 300, counts


def test_a_million_resident_numbers(
    warehouse: duckdb.DuckDBPyConnection,
    sql: dict[str, str],
    reference: Reference,
    area_in_force: dict[str, bool],
) -> None:
    load(warehouse, generator.resident(RESIDENTS), sql)
    number = normalised(warehouse)
    assert len(number) >= 1_000_000
    warehouse.execute(f"create table division as {sql['divisions']}")
    theirs = warehouse.execute(
        f"""
        with anchored as (select *, {sql["n17"]} as n17 from number),
        located as (select *, {sql["area"]} as area from anchored)
        select n17, {sql["resident"]} as grade, {sql["resident_bare"]} as bare,
            {sql["number_18"]} as number_18, {sql["sex_code"]} as sex,
            cast({sql["birth_date"]} as varchar) as birth_date, {sql["century"]} as century
        from located left join division on division.area_code = located.area order by i
        """
    ).pl()
    ours = resident.grade(number, as_of=AS_OF, reference=reference)
    bare = resident.grade(number, as_of=AS_OF, reference=None)
    parts = resident.parts(ours)
    assert disagreements(ours["grade"], theirs["grade"]) == 0
    assert disagreements(bare["grade"], theirs["bare"]) == 0
    assert disagreements(ours["n17"], theirs["n17"]) == 0
    assert disagreements(ours["is_century_ambiguous"], theirs["century"]) == 0
    for part in ("number_18", "sex", "birth_date"):
        assert disagreements(parts[part], theirs[part]) == 0
    birthplaces = {code: flag for code, flag in area_in_force.items() if code != "100000"}
    against_standard(
        number,
        ours["grade"],
        lambda n: standard.resident_grade(n, as_of=AS_OF, area_in_force=birthplaces),
    )
    seen(
        ours["grade"],
        "length charset date_impossible date_future checksum area_unknown area_historic ok",
    )


def test_unified_social_credit_codes(
    warehouse: duckdb.DuckDBPyConnection,
    sql: dict[str, str],
    reference: Reference,
    area_in_force: dict[str, bool],
) -> None:
    load(warehouse, generator.uscc(OTHERS), sql)
    number = normalised(warehouse)
    warehouse.execute(f"create table division as {sql['registrars']}")
    theirs = warehouse.execute(
        f"""
        with located as (
            select *, {sql["uscc_area"]} as area, {sql["uscc_category"]} as category from number
        )
        select {sql["uscc"]} as grade, {sql["uscc_bare"]} as bare
        from located
        left join division on division.area_code = located.area
        left join code_uscc_category on code_uscc_category.category_code = located.category
        order by i
        """
    ).pl()
    ours = organisation.grade_uscc(number, reference=reference)["grade"]
    bare = organisation.grade_uscc(number, reference=None)["grade"]
    assert disagreements(ours, theirs["grade"]) == 0
    assert disagreements(bare, theirs["bare"]) == 0
    categories = set(reference.categories["category_code"])
    against_standard(
        number,
        ours,
        lambda n: standard.uscc_grade(n, categories=categories, area_in_force=area_in_force),
    )
    seen(
        ours,
        "length charset checksum organisation_checksum category_unknown area_unknown area_historic"
        " ok",
    )


@pytest.mark.parametrize(
    ("name", "query", "ours", "rule", "names"),
    [
        (
            "organisation",
            generator.organisation(OTHERS),
            organisation.grade_organisation,
            standard.organisation_grade,
            "length charset checksum ok",
        ),
        (
            "registration",
            generator.registration(OTHERS),
            organisation.grade_registration,
            standard.registration_grade,
            "length charset checksum unchecked ok",
        ),
        (
            "licence",
            generator.licence(OTHERS),
            licence.grade,
            standard.licence_grade,
            "structure charset length version checksum issuer_is_division ok",
        ),
    ],
    ids=["organisation", "registration", "licence"],
)
def test_the_other_numbers(
    warehouse: duckdb.DuckDBPyConnection,
    sql: dict[str, str],
    name: str,
    query: str,
    ours: Callable[[pl.Series], pl.DataFrame],
    rule: Callable[[str | None], str | None],
    names: str,
) -> None:
    load(warehouse, query, sql)
    number = normalised(warehouse)
    theirs = warehouse.execute(f"select {sql[name]} as grade from number order by i").pl()
    found = ours(number)["grade"]
    assert disagreements(found, theirs["grade"]) == 0
    against_standard(number, found, rule)
    seen(found, names)


def test_permits(warehouse: duckdb.DuckDBPyConnection, sql: dict[str, str]) -> None:
    load(warehouse, generator.permit(OTHERS), sql)
    number = normalised(warehouse)
    theirs = warehouse.execute(
        f"select {sql['document']} as document, {sql['person']} as person from number order by i"
    ).pl()
    ours = permit.grade(number, as_of=AS_OF)
    assert disagreements(ours["document"], theirs["document"]) == 0
    assert disagreements(ours["person_number"], theirs["person"]) == 0
    seen(
        ours["document"],
        "home_return taiwan_compatriot permanent_resident permanent_resident_old social_security",
    )


def test_both_engines_replace_the_same_characters(
    warehouse: duckdb.DuckDBPyConnection, sql: dict[str, str]
) -> None:
    """Every character of the first plane, one by one, between two digits."""
    places = [p for p in range(1, 0x10000) if not 0xD800 <= p <= 0xDFFF]
    raw = pl.DataFrame({"i": places, "raw": [f"1{chr(p)}2" for p in places]})
    warehouse.register("raw_frame", raw.to_arrow())
    theirs = warehouse.execute(
        f"select {sql['normalise']} as number from raw_frame order by i"
    ).pl()["number"]
    ours = raw.select(number=normalise(pl.col("raw"))).to_series()
    assert disagreements(ours, theirs) == 0
    assert ours.to_list() == [standard.normalised(text) for text in raw["raw"]]
    changed = {chr(p) for p, a, b in zip(places, raw["raw"], ours, strict=True) if a != b}
    assert changed == set(REPLACEMENTS)
