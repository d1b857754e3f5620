"""A broken promise stops what is built on it: nothing becomes current, and the check says how many
rows broke it and which, masked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from citybase.duck import connect, literal
from citybase.serving.audience import AUDIENCES
from citybase.serving.versions import current_version, list_versions
from orchestration.assets.publish import serving_keys
from orchestration.instance import open_instance
from orchestration.run import RunOutcome
from tests.pipeline.pipeline_house import (
    Built,
    House,
    copied,
    differences,
    evaluations,
    kept_environment,
)

pytestmark = pytest.mark.pipeline

PERSON = "library.lib_population__entity_person"
GRAIN = "lib_population__entity_person__one_row_per_person"
IDENTIFIER = "library.lib_population__link_person_identifier"
NUMBER = "lib_population__link_person_identifier__one_row_per_person_and_identifier"
CODE = "lib_population__entity_person__sex_code_is_a_code"
RECONCILED = "read_is_landed_plus_quarantined"


@dataclass(frozen=True)
class Broken:
    """A build of a warehouse in which somebody doubled three persons and gave one a wrong code."""

    house: House
    outcome: RunOutcome
    doubled: list[tuple[int, str]]
    events: dict[str, dg.AssetCheckEvaluation]


@pytest.fixture(scope="module")
def broken(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    with copied(built.house, tmp_path_factory.mktemp("broken") / "var") as house:
        with house.warehouse(read_only=False) as connection:
            doubled = connection.execute(
                f"select person_key, resident_number from {PERSON}"
                " where resident_number is not null order by person_key limit 3"
            ).fetchall()
            keys = ", ".join(str(key) for key, _ in doubled)
            connection.execute(
                f"insert into {PERSON} select * from {PERSON} where person_key in ({keys})"
            )
            numbers = ", ".join(literal(number) for _, number in doubled)
            connection.execute(
                f"insert into {IDENTIFIER} select * from {IDENTIFIER}"
                f" where person_key in ({keys}) and identifier_number in ({numbers})"
            )
            connection.execute(
                f"update {PERSON} set sex_code = 'Z' where person_key ="
                f" (select max(person_key) from {PERSON})"
            )
        outcome = house.run("rebuild_population")
        yield Broken(house, outcome, doubled, _failed(house, outcome))


def test_the_run_fails_by_exactly_the_broken_promises(broken: Broken) -> None:
    assert not broken.outcome.succeeded
    failed = {check.name for check in broken.outcome.not_passed if check.is_error}
    assert failed == {GRAIN, NUMBER, CODE}
    for name in failed:
        event = broken.events[name]
        assert event.severity is dg.AssetCheckSeverity.ERROR
        assert event.blocking
        assert event.asset_key.path[-1] in (PERSON.partition(".")[2], IDENTIFIER.partition(".")[2])


def test_the_check_says_how_many_rows_and_which_masked(broken: Broken) -> None:
    counts = {
        name: broken.events[name].metadata["dagster_dbt/failed_row_count"].value
        for name in (GRAIN, NUMBER, CODE)
    }
    assert counts == {GRAIN: 3, NUMBER: 3, CODE: 1}
    assert {row["person_key"] for row in _samples(broken, GRAIN)} == {
        str(key) for key, _ in broken.doubled
    }
    shown = {row["identifier_number"] for row in _samples(broken, NUMBER)}
    assert shown == {"*" * 14 + number[-4:] for _, number in broken.doubled}


def test_no_whole_number_is_in_any_event_or_log(broken: Broken) -> None:
    written = [path for path in broken.house.settings.dagster_home.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in written)
    for path in written:
        content = path.read_bytes()
        assert not [number for _, number in broken.doubled if number.encode() in content], path


def test_nothing_is_published(broken: Broken) -> None:
    settings = broken.house.settings
    for audience in AUDIENCES:
        assert current_version(settings, audience.name) == 1
        assert list_versions(settings, audience.name) == [1]
    with kept_environment(), open_instance(settings) as instance:
        for key in serving_keys():
            assert instance.get_latest_materialization_event(key) is None


def test_a_full_refresh_mends_it_and_publishes(built: Built, broken: Broken) -> None:
    outcome = broken.house.run("rebuild_population", is_full_refresh=True)
    assert outcome.succeeded, outcome.errors
    assert outcome.checks_failed == 0
    settings = broken.house.settings
    assert differences(built.house.settings.warehouse, settings.warehouse) == {}
    assert [current_version(settings, audience.name) for audience in AUDIENCES] == [2, 2]


def test_a_landing_that_lost_rows_stops_the_build(built: Built, tmp_path: Path) -> None:
    with copied(built.house, tmp_path / "lossy") as house:
        _lose_rows(house, "civil_registry", "cremation", rows=2)
        # The source is away, so that the damaged batch cannot be replaced.
        house.locate("civil_registry", str(tmp_path / "nowhere.sqlite"))
        outcome = house.run()
        assert not outcome.succeeded
        (failed,) = [check for check in outcome.not_passed if check.is_error]
        assert (failed.asset, failed.name) == ("landing/civil_registry/cremation", RECONCILED)
        event = _failed(house, outcome)[RECONCILED]
        assert event.blocking
        counts = {name: event.metadata[name].value for name in ("read", "landed", "quarantined")}
        assert counts["read"] == counts["landed"] + counts["quarantined"] + 2
        # Nothing was bound, built or published on it.
        with kept_environment(), open_instance(house.settings) as instance:
            for layer in (["bind", "cut"], [*PERSON_ASSET], ["serving", "analyst"]):
                assert instance.get_latest_materialization_event(dg.AssetKey(layer)) is None
        assert current_version(house.settings, "analyst") == 1


def test_a_landing_that_lost_rows_is_replaced_when_the_source_answers(
    built: Built, tmp_path: Path
) -> None:
    with copied(built.house, tmp_path / "mended") as house:
        before = house.last("civil_registry", "cremation")
        assert before is not None
        _lose_rows(house, "civil_registry", "cremation", rows=2)
        house.extract("civil_registry")
        after = house.last("civil_registry", "cremation")
        assert after is not None
        assert after.checksum == before.checksum
        assert after.files != before.files
        house.bind()
        assert house.one("select count(*) from raw.civil_registry__cremation") == before.rows_landed


PERSON_ASSET = ("library", "population", "lib_population__entity_person")


def _samples(broken: Broken, name: str) -> list[dict[str, Any]]:
    table = broken.events[name].metadata["sample_keys"]
    assert isinstance(table, dg.TableMetadataValue)
    return [dict(record.data) for record in table.records]


def _failed(house: House, outcome: RunOutcome) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations of a run that did not pass, by the name of the check."""
    return {check.check_name: check for check in evaluations(house, outcome) if not check.passed}


def _lose_rows(house: House, system: str, table: str, *, rows: int) -> None:
    """Take rows out of the newest segment of a table, behind the ledger's back."""
    batch = house.last(system, table)
    assert batch is not None
    path = house.settings.landing / batch.files[0]
    shorter = path.with_suffix(".shorter")
    with connect() as connection:
        connection.execute(
            f"copy (from read_parquet({literal(str(path))}) offset {rows})"
            f" to {literal(str(shorter))} (format parquet)"
        )
    shorter.replace(path)
