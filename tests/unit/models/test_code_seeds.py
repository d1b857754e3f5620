"""The code seeds agree with one another, with the registry and with what the city writes."""

import csv
from collections.abc import Mapping

import duckdb
import pytest

from citybase.settings import project_root
from sources.registry import load_registry
from sources.simulator.grid_dialects import dialect_rows
from sources.simulator.licence_types import create_licence_types
from sources.simulator.numbers import install_numbers

pytestmark = pytest.mark.unit

# Sets of the crosswalk whose codes are those of another set.
CODES_OF = {"marriage_registration_type": "marital_status"}
# How the city calls what a county wrote, where it does not use the standard's code.
CITY = {
    "education": lambda value: f"{value}0",
    "residence_kind": {"registered": "1", "settled": "2", "floating": "3"}.get,
    "merchant_kind": {"91": "1", "92": "2", "93": "3"}.get,
    "subsidy_item": {
        name: str(number)
        for number, name in enumerate(
            ("elderly", "farmland", "disabled", "minimum", "family", "relief"), start=1
        )
    }.get,
}
SET_OF = {"merchant_status": "organisation_status"}
# What citybase itself concludes from the records speaks as a source without a table.
WITNESSES = {"identity_number", "name_agreement"}


def seed(name: str) -> list[dict[str, str]]:
    path = project_root() / "dbt_project" / "seeds" / "code" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def crosswalk() -> Mapping[tuple[str, str, str], str]:
    return {
        (row["code_set"], row["system_code"], row["source_value"]): row["standard_code"]
        for row in seed("code_crosswalk")
    }


def test_the_crosswalk_leads_to_codes_that_have_a_name(
    crosswalk: Mapping[tuple[str, str, str], str],
) -> None:
    named = {(row["code_set"], row["code"]) for row in seed("code_value")}
    named |= {
        ("division_name", row["division_code"])
        for row in seed("code_division_national")
        if not row["valid_to"]
    }
    led_to = {
        (CODES_OF.get(code_set, code_set), code) for (code_set, *_), code in crosswalk.items()
    }
    assert led_to - named == set()


@pytest.mark.parametrize(
    "name",
    [
        "attribute_precedence",
        "code_crosswalk",
        "code_division_succession",
        "code_industry_8_3",
        "code_licence_transition",
        "code_licence_type",
        "code_succession_kind",
        "code_uscc_category",
        "identity_evidence",
    ],
)
def test_every_row_of_a_dictionary_says_where_it_is_from_and_since_when(name: str) -> None:
    rows = seed(name)
    assert rows
    assert [row for row in rows if not row["source"] or not row["noted_date"]] == []


def test_a_system_with_a_dialect_is_registered(
    crosswalk: Mapping[tuple[str, str, str], str],
) -> None:
    systems = {system.system for system in load_registry().systems}
    assert {system for _, system, _ in crosswalk} - systems == {"*"}


def test_every_counties_writing_is_mapped_back_to_what_it_meant(
    crosswalk: Mapping[tuple[str, str, str], str],
) -> None:
    """A county that writes 初婚 and 再婚 alike is understood as 已婚: no code is told apart."""
    merged = {
        "marital_status": {"21": "20", "22": "20", "23": "20"},
        "household_relation": {"01": "02"},
    }
    wrong = []
    for system, city_set, value, written in dialect_rows():
        code_set = SET_OF.get(city_set, city_set)
        found = crosswalk.get((code_set, system, written)) or crosswalk.get(
            (code_set, "*", written)
        )
        meant = CITY.get(city_set, lambda value: value)(value)
        if found != meant and found != merged.get(code_set, {}).get(meant):
            wrong.append((system, code_set, written, meant, found))
    assert wrong == []


def test_every_source_with_a_say_has_a_number_and_a_modelled_table() -> None:
    numbered = [(row["system_code"], row["table_code"], row["library_code"])
                for row in seed("library_source")]  # fmt: skip
    assert len(set(numbered)) == len(numbered)
    with_a_say = {
        (row["system_code"], row["table_code"], row["library_code"])
        for row in seed("attribute_precedence")
    }
    assert with_a_say - set(numbered) == set()
    modelled = {
        (system.system, table.table) for system, table in load_registry().tables() if table.modelled
    }
    without_a_table = {system for system, table, _ in numbered if (system, table) not in modelled}
    assert without_a_table <= WITNESSES


def test_a_rule_is_named_after_its_library_attribute_and_priority() -> None:
    for row in seed("attribute_precedence"):
        expected = f"{row['library_code']}.{row['attribute_code']}.{row['priority']}"
        assert row["rule_code"] == expected
        assert row["note"]
        assert row["source"]


def test_the_licence_types_are_those_the_city_issues() -> None:
    with duckdb.connect() as duck:
        install_numbers(duck)
        create_licence_types(duck)
        issued = duck.execute(
            "select licence_type_code, licence_name, system_code, function_code, years > 0"
            " from licence_type"
        ).fetchall()
    known = {
        (
            row["licence_type_code"],
            row["licence_name"],
            row["system_code"],
            row["issuer_department_code"],
            row["is_expiring"] == "true",
        )
        for row in seed("code_licence_type")
    }
    assert known == set(issued)
    assert len(known) >= 25
    assert len({row["issuer_department_code"] for row in seed("code_licence_type")}) >= 10


def test_every_industry_division_is_in_one_section_and_the_8_3_are_eleven() -> None:
    rows = seed("code_industry_8_3")
    divisions = [row["industry_division_code"] for row in rows]
    assert divisions == [f"{number:02d}" for number in range(1, 98)]
    sections = {row["code"] for row in seed("code_value") if row["code_set"] == "economic_section"}
    assert {row["section_code"] for row in rows} == sections
    themes = {row["theme_code"]: row["theme_group_code"] for row in rows if row["theme_code"]}
    assert sorted(themes.values()) == ["emerging"] * 3 + ["traditional"] * 8
