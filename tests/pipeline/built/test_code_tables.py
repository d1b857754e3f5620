"""Rules are data: one changed row of a code table changes exactly the cells that follow from it.

Six tables are edited by one row each, of things that have nothing to do with each other, and one
build follows. Add a table here when a library is governed by another one.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from citybase.duck import connect, literal
from tests.pipeline.built.golden import ATTRIBUTES, PERSON, PROVENANCE, found_cells, predicted_cells
from tests.pipeline.pipeline_house import Built, House, copied, copied_project, differences

pytestmark = pytest.mark.pipeline

Row = dict[str, str]
DIALECT = "grid_lanling"
WRITTEN, MEANT, NOW_MEANT = "4", "40", "90"
OLD, COUNTY, NOW_COUNTY = "372831", "371325", "371326"
INDUSTRY = "21"
CARD = "11100000000013338W001"
ACCEPTED_FROM = 18
# What is built on what the six rows say of persons, and on the county of an organisation.
OF_PERSONS = {
    PERSON,
    PROVENANCE,
    "library.lib_population__event_person",
    "library.lib_population__link_household_member",
    "library.lib_population__link_kinship",
    "library.lib_population__link_person_name",
    "library.lib_population__link_person_source",
}
LICENCE = "library.lib_licence__entity_licence"
ORGANISATION = "library.lib_legal_entity__entity_organisation"
ORGANISATIONS = {ORGANISATION, f"{ORGANISATION}_provenance"}
_DIVISION_CELLS = {
    f"division_{cell}" for cell in ("source_code", "source_at", "rule_code", "is_conflicted")
}
OTHERS = {
    "library.lib_licence__code_licence_type",
    "library.lib_population__entity_household",
    "library.lib_shared__code_division",
    "library.lib_shared__code_industry",
    "library.lib_shared__link_source_table_division",
}


@dataclass(frozen=True)
class Edited:
    """A copy built by six edited rows, the original beside it, and the edited tables."""

    one: House
    other: House
    seeds: Path

    def pairs(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query over both warehouses, attached as `one` and `other`."""
        with connect() as connection:
            for name, house in (("one", self.one), ("other", self.other)):
                path = literal(str(house.settings.warehouse))
                connection.execute(f"attach {path} as {name} (read_only)")
            return connection.execute(query).fetchall()

    def changed(self, table: str, key: str) -> dict[str, set[int]]:
        """Per column the keys whose cells differ; rows of one side only count as column `*`."""
        names = [
            str(name)
            for (name,) in self.pairs(
                "select column_name from duckdb_columns() where database_name = 'one' and"
                f" schema_name || '.' || table_name = {literal(table)}"
            )
            if not str(name).startswith("_")
        ]
        compared = ", ".join(f"one.{name} is distinct from other.{name}" for name in names)
        rows = self.pairs(
            f"select coalesce(one.{key}, other.{key}),"
            f" one.{key} is null or other.{key} is null, {compared}"
            f" from one.{table} as one full outer join other.{table} as other"
            f" on one.{key} = other.{key}"
        )
        found: dict[str, set[int]] = {}
        for found_key, is_lone, *differs in rows:
            assert isinstance(found_key, int)
            columns = ["*"] if is_lone else [n for n, d in zip(names, differs, strict=True) if d]
            for column in columns:
                found.setdefault(column, set()).add(found_key)
        return found


@pytest.fixture(scope="module")
def edited(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edited]:
    folder = tmp_path_factory.mktemp("code_tables")
    project = copied_project(folder / "project")
    seeds = project / "seeds" / "code"
    _edit(
        seeds / "attribute_precedence.csv",
        lambda row: (
            row["attribute_code"] == "education_code" and row["table_code"] == "insured_person"
        ),
        priority="9",
    )
    _edit(
        seeds / "code_crosswalk.csv",
        lambda row: (
            (row["code_set"], row["system_code"], row["source_value"])
            == ("education", DIALECT, WRITTEN)
        ),
        standard_code=NOW_MEANT,
    )
    _edit(
        seeds / "identity_evidence.csv",
        lambda row: row["evidence_code"] == "accepted_from",
        bits=str(ACCEPTED_FROM),
    )
    _edit(
        seeds / "code_licence_type.csv",
        lambda row: row["licence_type_code"] == CARD,
        holder_end_code="continues",
    )
    _edit(
        seeds / "code_division_succession.csv",
        lambda row: row["old_code"] == OLD,
        new_code=NOW_COUNTY,
    )
    _edit(
        seeds / "code_industry_8_3.csv",
        lambda row: row["industry_division_code"] == INDUSTRY,
        theme_code="building",
        theme_name="建筑建材",
    )
    with copied(built.house, folder / "edited") as house:
        house.bind()
        house.dbt("build", "--exclude-resource-type", "test", project=project)
        yield Edited(built.house, house, seeds)


def test_a_priority_moves_the_cells_of_its_attribute(edited: Edited) -> None:
    with edited.one.warehouse() as connection:
        before = found_cells(connection)
    with edited.other.warehouse() as connection:
        after = found_cells(connection)
        predicted = predicted_cells(connection, edited.seeds)
    assert after == predicted
    moved = {
        key
        for key, cell in before["education_code"].items()
        if cell[1] == "social_security.insured_person"
        and after["education_code"][key][1] != cell[1]
    }
    assert moved
    assert {before["education_code"][key] for key in moved} != {
        after["education_code"][key] for key in moved
    }


def test_a_word_of_a_dialect_changes_what_that_county_says(edited: Edited) -> None:
    changed = edited.pairs(
        """
        select one.system_code, one.source_key, one.education_code, other.education_code
        from one.staging.stg_county_grid__resident as one
        inner join other.staging.stg_county_grid__resident as other
            using (system_code, table_code, source_key, role_code)
        where one.education_code is distinct from other.education_code
        """
    )
    written = edited.other.column(
        f"select record_no from raw.{DIALECT}__resident where trim(education) = {literal(WRITTEN)}"
    )
    assert {row[1] for row in changed} == set(written)
    assert {(row[0], *row[2:]) for row in changed} == {(DIALECT, MEANT, NOW_MEANT)}


def test_stricter_evidence_leaves_exactly_the_weaker_finds_without_a_person(
    edited: Edited,
) -> None:
    keys = "system_code, table_code, source_key, role_code"
    lost = edited.pairs(
        f"select {keys} from one.library.lib_population__link_person_source"
        f" except select {keys} from other.library.lib_population__link_person_source"
    )
    gained = edited.pairs(
        f"select {keys}, person_key from other.library.lib_population__link_person_source"
        f" except select {keys}, person_key from one.library.lib_population__link_person_source"
    )
    weaker = edited.pairs(
        f"""
        select {keys}
        from one.intermediate.int_population__record_sought as one
        inner join other.intermediate.int_population__record_sought as other using ({keys})
        where one.is_accepted and other.bits < {ACCEPTED_FROM}
        """
    )
    assert weaker
    assert (set(lost), gained) == (set(weaker), [])


def test_a_kind_of_licence_that_outlives_its_holder_is_not_ended_by_his_death(
    edited: Edited,
) -> None:
    ended = set(
        edited.one.column(
            f"select licence_key from {LICENCE} where licence_type_code = {literal(CARD)}"
            " and computed_reason_code = 'holder_ended'"
        )
    )
    assert ended
    changed = edited.changed(LICENCE, "licence_key")
    assert changed["computed_reason_code"] == ended
    assert changed["computed_state_code"] <= ended
    assert set(changed) == {"computed_reason_code", "computed_state_code"}


def test_an_abolished_code_that_leads_to_another_county_moves_who_is_written_there(
    edited: Edited,
) -> None:
    moved: set[str] = set()
    for table, number in (("resident", "record_no"), ("merchant", "merchant_no")):
        changed = edited.pairs(
            f"""
            select one.system_code, one.source_key, one.division_code, other.division_code
            from one.staging.stg_county_grid__{table} as one
            inner join other.staging.stg_county_grid__{table} as other
                using (system_code, source_key)
            where one.division_code is distinct from other.division_code
            """
        )
        systems = edited.one.column(
            f"select distinct system_code from staging.stg_county_grid__{table}"
        )
        written = {
            (system, key)
            for system in systems
            for key in edited.one.column(
                f"select {number} from raw.{system}__{table}"
                f" where trim(division_code) like {literal(OLD + '%')}"
            )
        }
        assert written
        assert {row[:2] for row in changed} == written, table
        assert {row[2:] for row in changed} == {(COUNTY, NOW_COUNTY)}, table
        moved |= {key for _, key in written}
    # Of organisations only those that a moved row speaks of, and of them the county alone.
    concerned = set(
        edited.one.column(
            "select entity_key from library.lib_legal_entity__link_entity_source"
            f" where table_code = 'merchant' and source_key in {tuple(moved)}"
        )
    )
    for table, columns in (
        (ORGANISATION, {"division_code", "has_conflict"}),
        (f"{ORGANISATION}_provenance", _DIVISION_CELLS),
    ):
        organisations = edited.changed(table, "entity_key")
        organisations.pop("industry_theme_code", None)  # another edited row's
        assert set(organisations) <= columns, table
        assert all(keys <= concerned for keys in organisations.values()), table


def test_a_division_of_industry_takes_its_organisations_to_another_of_the_8_3(
    edited: Edited,
) -> None:
    query = (
        f"select entity_key, industry_theme_code from {ORGANISATION}"
        f" where substr(industry_code, 1, 2) = {literal(INDUSTRY)}"
    )
    with edited.one.warehouse() as connection:
        before = dict(connection.execute(query).fetchall())
    with edited.other.warehouse() as connection:
        after = dict(connection.execute(query).fetchall())
    assert before
    assert set(before.values()) == {"wood"}
    assert after == dict.fromkeys(before, "building")
    assert edited.changed(ORGANISATION, "entity_key")["industry_theme_code"] == set(before)


def test_nothing_else_changes(edited: Edited) -> None:
    found = {
        f"library.{name.partition('.')[2]}"
        for name in differences(
            edited.one.settings.warehouse,
            edited.other.settings.warehouse,
            schemas=["library"],
            with_bookkeeping=False,
        )
    }
    assert found <= OF_PERSONS | OTHERS | ORGANISATIONS | {LICENCE}, found
    persons = edited.changed(PERSON, "person_key")
    assert set(persons) <= {*ATTRIBUTES, "is_deceased", "source_record_count", "has_conflict"}
    # No key is minted, given up or passed on.
    assert "*" not in persons


def _edit(path: Path, is_meant: Callable[[Row], bool], **values: str) -> None:
    """Change the one row that is meant."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = (row for row in rows if is_meant(row))
    assert any(row[name] != value for name, value in values.items())
    row |= values
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
