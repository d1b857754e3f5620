"""The macros as dbt itself renders them, ready to run in DuckDB."""

import contextlib
import io
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner
from hypothesis import settings

from citybase.identifiers.reference import Reference, load_reference
from citybase.settings import project_root

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


def render(folder: Path) -> dict[str, str]:
    """Every expression above, compiled by dbt in a scratch project with the real macros."""
    macros = project_root() / "dbt_project" / "macros" / "identifiers"
    (folder / "dbt_project.yml").write_text(
        f"name: citybase\nversion: '1.0'\nprofile: scratch\nmacro-paths: ['{macros}']\n",
        encoding="utf-8",
    )
    (folder / "profiles.yml").write_text(
        "scratch:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: ':memory:'}\n",
        encoding="utf-8",
    )
    text = "\n".join(f"--- {name}\n{body}" for name, body in EXPRESSIONS.items())
    arguments = ["--quiet", "--no-send-anonymous-usage-stats", "--no-version-check"]
    arguments += ["compile", "--inline", text, "--target-path", str(folder / "target")]
    arguments += ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    # dbt prints what it compiles, however quiet; the benchmark's output is one JSON object.
    with contextlib.redirect_stdout(io.StringIO()):
        outcome = dbtRunner().invoke([*arguments, "--log-path", str(folder / "logs")])
    assert outcome.success, outcome.exception
    compiled = outcome.result.results[0].node.compiled_code
    pieces = re.split(r"^--- (\w+)\n", compiled, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.fixture(scope="session")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name → SQL of every macro under test."""
    return render(tmp_path_factory.mktemp("scratch_project"))


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
