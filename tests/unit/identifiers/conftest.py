"""The macros as dbt itself renders them, ready to run in DuckDB."""

from datetime import date

import duckdb
import pytest
from hypothesis import settings

from citybase.identifiers.reference import Reference, load_reference
from citybase.settings import project_root
from tests.unit.models.scratch import render

# The first example pays for loading the code tables: a deadline per example would measure that.
settings.register_profile("identifiers", deadline=None, max_examples=50)
settings.load_profile("identifiers")

AS_OF = date(2026, 11, 22)

EXPRESSIONS = {
    "normalise": "{{ normalise_number('raw') }}",
    "n17": "{{ resident_number_n17('number') }}",
    "number_18": "{{ resident_number_18('number', 'n17') }}",
    "check_character": "{{ resident_number_check_character('n17') }}",
    "remainder": "{{ resident_number_remainder('n17') }}",
    "birth_date": "{{ resident_number_birth_date('n17') }}",
    "sex_code": "{{ resident_number_sex_code('n17') }}",
    "area": "{{ resident_number_area('n17') }}",
    "century": "{{ resident_number_is_century_ambiguous('number') }}",
    "resident": (
        "{{ resident_number_grade('number', 'n17', \"date '2026-11-22'\", 'is_in_force') }}"
    ),
    "resident_bare": "{{ resident_number_grade('number', 'n17', \"date '2026-11-22'\") }}",
    "divisions": "{{ divisions_in_force('code_division_national', \"date '2026-11-22'\") }}",
    "registrars": (
        "{{ divisions_in_force('code_division_national', \"date '2026-11-22'\", 'registrar') }}"
    ),
    "uscc": "{{ uscc_grade('number', 'category_code is not null', 'is_in_force') }}",
    "uscc_bare": "{{ uscc_grade('number') }}",
    "uscc_check": "{{ uscc_check_holds('number') }}",
    "uscc_category": "{{ uscc_category_code('number') }}",
    "uscc_area": "{{ uscc_area('number') }}",
    "organisation": "{{ organisation_code_grade('number') }}",
    "registration": "{{ registration_number_grade('number') }}",
    "document": "{{ permit_document('number') }}",
    "person": "{{ permit_person_number('number') }}",
    "licence": "{{ licence_identifier_grade('number') }}",
}


@pytest.fixture(scope="session")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name → SQL of every macro under test."""
    return render(tmp_path_factory.mktemp("scratch_project"), EXPRESSIONS)


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    """An empty DuckDB with the two code tables the grades consult."""
    connection = duckdb.connect()
    seeds = project_root() / "dbt_project" / "seeds" / "code"
    for name, key in (
        ("code_division_national", "division_code"),
        ("code_uscc_category", "category_code"),
    ):
        connection.execute(
            f"create table {name} as select * from"
            f" read_csv('{seeds / name}.csv', types = {{'{key}': 'varchar'}})"
        )
    return connection


@pytest.fixture(scope="session")
def reference() -> Reference:
    return load_reference(AS_OF)


@pytest.fixture(scope="session")
def area_in_force(reference: Reference) -> dict[str, bool]:
    """Division code → whether in force, for the scalar standard."""
    return dict(zip(reference.areas["division_code"], reference.areas["is_in_force"], strict=True))
