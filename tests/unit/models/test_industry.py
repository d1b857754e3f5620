"""The 8+3 industry of an organisation and what the mart counts of it: the product's own models.

Add a case here when the industries or the mart learn to tell more. Keep out: which divisions belong
to which industry (``test_code_seeds.py`` and the city decide that).
"""

import csv
from pathlib import Path

import duckdb
import pytest

from tests.unit.models.scratch import HOME, query

pytestmark = pytest.mark.unit

SEED = "code_industry_8_3"
ORGANISATION = "lib_legal_entity__entity_organisation"
MART = "mart_overview__organisation_by_county_and_industry"
COMPLETED = "int_legal_entity__organisation_completed"
_INPUT = f"""
create table {COMPLETED} (entity_key bigint, uscc varchar, organisation_code varchar,
    registration_number varchar, identity_basis_code varchar, name varchar, category_code varchar,
    organisation_type_code varchar, status_code varchar, status_basis_code varchar,
    established_date date, ended_date date, end_reason_code varchar, valid_to date,
    industry_code varchar, division_code varchar, address varchar, phone varchar,
    registered_capital_cny decimal(24, 2), head_entity_key bigint, representative_name varchar,
    representative_person_key bigint, representative_grade_code varchar,
    source_record_count bigint);
create table lib_shared__code_division as
    select '371302' as division_code, '兰山区' as division_name, true as is_current;
"""


class Economy:
    """A few organisations over the code table as it stands, or with one row of it changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.duck = duckdb.connect()
        self.duck.execute(_INPUT)

    def organisation(self, key: int, industry: str | None, **values: object) -> None:
        """An organisation in force, a company of 兰山 unless told otherwise."""
        given = {
            "entity_key": key,
            "industry_code": industry,
            "division_code": "371302",
            "category_code": "91",
            "status_code": "1",
            **values,
        }
        marks = ", ".join("?" for _ in given)
        self.duck.execute(
            f"insert into {COMPLETED} ({', '.join(given)}) values ({marks})", list(given.values())
        )

    def build(self, **theme_of: str) -> None:
        """The models over the seed, in which the division ``d<code>`` has the theme it is given."""
        seed = HOME / "seeds" / "code" / f"{SEED}.csv"
        with seed.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            theme = theme_of.get(f"d{row['industry_division_code']}")
            if theme is not None:
                row["theme_code"] = theme
                like = next(r for r in rows if r["theme_code"] == theme and r is not row)
                row |= {n: like[n] for n in ("theme_name", "theme_group_code", "theme_group_name")}
        edited = self.folder / "seed.csv"
        with edited.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.duck.execute(
            f"create or replace table {SEED} as from read_csv('{edited}', all_varchar = true)"
        )
        for path in (
            "library/shared/lib_shared__code_industry",
            f"library/legal_entity/{ORGANISATION}",
            f"mart/overview/{MART}",
        ):
            sql = query(
                path,
                config=lambda **_: "",
                library_input=lambda name, **_: name,
                uscc_organisation_code=lambda column: f"substr({column}, 9, 9)",
                comparable_legal_entity_attributes=list,
                has_conflict=lambda _: "false",
            )
            self.duck.execute(f"create or replace table {Path(path).name} as {sql}")

    def cells(self, table: str) -> set[tuple[object, ...]]:
        """Every cell of the organisations or of the mart: key of the row, column, value."""
        key = {ORGANISATION: 1, MART: 5}[table]
        found = self.duck.execute(f"from {table}")
        names = [column[0] for column in found.description]
        return {
            (row[:key] if key == 1 else (row[0], row[4]), name, value)
            for row in found.fetchall()
            for name, value in zip(names, row, strict=True)
        }


@pytest.fixture
def economy(tmp_path: Path) -> Economy:
    economy = Economy(tmp_path)
    economy.organisation(1, "1310", registered_capital_cny=100)
    economy.organisation(2, "2110", registered_capital_cny=30)
    economy.organisation(3, "2110", category_code="92")
    economy.organisation(4, "2110", head_entity_key=2, registered_capital_cny=7)
    economy.organisation(5, "2120", status_code="4", registered_capital_cny=1000)
    economy.organisation(6, "6510", category_code="93")
    economy.organisation(7, "5211", registered_capital_cny=5)
    economy.organisation(8, None)
    economy.organisation(9, "9999", division_code=None)
    economy.build()
    return economy


def test_the_division_of_its_industry_says_which_of_the_8_3_an_organisation_is_in(
    economy: Economy,
) -> None:
    found = economy.duck.execute(
        f"select entity_key, industry_division_code, industry_theme_code from {ORGANISATION}"
    ).fetchall()
    assert sorted(found) == [
        (1, "13", "food"),
        (2, "21", "wood"),
        (3, "21", "wood"),
        (4, "21", "wood"),
        (5, "21", "wood"),
        (6, "65", "information"),
        (7, "52", None),
        (8, None, None),
        (9, "99", None),
    ]


def test_the_mart_counts_what_is_in_force_and_a_branch_is_no_company(economy: Economy) -> None:
    found = economy.duck.execute(
        "select division_name, industry_theme_name, organisation_count, company_count,"
        " individual_business_count, branch_count, without_industry_count,"
        f" registered_capital_cny from {MART}"
    ).fetchall()
    assert set(found) == {
        ("兰山区", "食品", 1, 1, 0, 0, 0, 100),
        ("兰山区", "木业", 3, 1, 1, 1, 0, 30),
        ("兰山区", "新一代信息技术", 1, 0, 0, 0, 0, None),
        ("兰山区", None, 2, 2, 0, 0, 1, 5),
        (None, None, 1, 1, 0, 0, 0, None),
    }


def test_one_row_of_the_code_table_moves_the_organisations_of_that_division_alone(
    economy: Economy,
) -> None:
    before = {table: economy.cells(table) for table in (ORGANISATION, MART)}
    economy.build(d21="building")
    gone = {table: before[table] - economy.cells(table) for table in before}
    new = {table: economy.cells(table) - before[table] for table in before}
    assert gone[ORGANISATION] == {((key,), "industry_theme_code", "wood") for key in (2, 3, 4, 5)}
    assert new[ORGANISATION] == {
        ((key,), "industry_theme_code", "building") for key in (2, 3, 4, 5)
    }
    assert {key for key, *_ in gone[MART]} == {("371302", "wood")}
    assert {key for key, *_ in new[MART]} == {("371302", "building")}
    counts = {(name, value) for _, name, value in new[MART] if str(name).endswith("_count")}
    assert counts == {
        (name, value) for _, name, value in gone[MART] if str(name).endswith("_count")
    }
