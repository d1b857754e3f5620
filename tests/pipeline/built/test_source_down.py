"""A source that fails stops nobody else: what it gave last keeps serving, with a warning. A source
that never gave anything stops the build with one error.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from citybase.settings import Settings
from orchestration.checks.landing import SOURCE_ANSWERED
from sources.registry import load_registry
from tests.pipeline.built.disturbance import (
    WRONG_PASSWORD,
    Disturbed,
    expected_failures,
    give_wrong_password,
    last_batches,
    passwords,
)
from tests.pipeline.pipeline_house import Built, differences, evaluations

pytestmark = pytest.mark.pipeline

EXPECTED = expected_failures()


def test_the_build_succeeds_and_warns_of_exactly_the_tables_that_failed(
    disturbed: Disturbed,
) -> None:
    assert disturbed.outcome.succeeded, disturbed.outcome.errors
    assert disturbed.outcome.checks_failed == 0
    warned = {
        tuple(check.asset.split("/")[1:])
        for check in disturbed.outcome.not_passed
        if check.name == SOURCE_ANSWERED
    }
    assert warned == EXPECTED.keys()


def test_each_error_names_system_table_and_remedy(disturbed: Disturbed) -> None:
    registry = load_registry()
    found = {}
    for check in evaluations(disturbed.house, disturbed.outcome):
        if check.check_name == SOURCE_ANSWERED and not check.passed:
            assert check.severity is dg.AssetCheckSeverity.WARN
            _, system, table = check.asset_key.path
            found[system, table] = [check.metadata[name].value for name in ("error", "remedy")]
    assert found.keys() == EXPECTED.keys()
    for (system, table), (problem, remedy) in EXPECTED.items():
        error, said = found[system, table]
        assert error.startswith(system)
        assert registry.system(system).name in error
        if problem not in ("password", "cannot be reached"):
            assert error.startswith(f"{system}.{table} ")
        assert problem in error
        assert remedy in said
        assert registry.system(system).owner.phone in said


def test_the_others_landed_new_batches_and_the_failed_keep_theirs(disturbed: Disturbed) -> None:
    for key, before in disturbed.before.items():
        after = disturbed.house.last(*key)
        assert before is not None
        assert after is not None
        if key in EXPECTED:
            assert after == before
        else:
            assert after.batch_id > before.batch_id
            assert after.rows_held == before.rows_held


def test_the_libraries_stand_on_the_last_good_data(built: Built, disturbed: Disturbed) -> None:
    assert differences(built.house.settings.warehouse, disturbed.house.settings.warehouse) == {}


def test_no_password_is_in_any_event_or_log(disturbed: Disturbed) -> None:
    assert len(disturbed.secrets) == len(passwords(disturbed.house)) + 2
    written = [
        path
        for folder in (disturbed.house.settings.dagster_home, disturbed.house.settings.home / "dbt")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert any(path.suffix == ".db" for path in written)
    for path in [*written, *disturbed.house.settings.home.glob("ops.db*")]:
        content = path.read_bytes()
        assert not [secret for secret in disturbed.secrets if secret.encode() in content], path


def test_a_source_that_never_landed_stops_the_build_with_one_error(
    built: Built, tmp_path: Path
) -> None:
    house = replace(built.house, settings=Settings(home=tmp_path / "first"))
    house.settings.city.mkdir(parents=True)
    shutil.copy2(built.house.settings.city_environment, house.settings.city_environment)
    give_wrong_password(house, "household_register")
    outcome = house.run()
    assert not outcome.succeeded
    (error,) = outcome.errors
    assert "household_register" in error
    assert "has never landed" in error
    assert "CITYBASE_SOURCE_HOUSEHOLD_REGISTER" in error
    assert WRONG_PASSWORD not in error
    landed = {key for key, batch in last_batches(house).items() if batch is not None}
    assert {system for system, _ in landed} == {
        system.system for system in load_registry().systems
    } - {"household_register"}
    assert not house.settings.warehouse.exists()
    assert not house.settings.serving.exists()
