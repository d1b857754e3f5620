"""The main job on the city: everything arrives, is counted, is checked and is published."""

import json

import dagster as dg
import polars as pl
import pytest

from citybase.settings import Settings
from citybase.store import open_store, reading
from citybase.store.schema import batch
from orchestration.definitions import build_definitions
from orchestration.instance import open_instance
from orchestration.project import dbt_folder
from sources.registry import load_registry
from tests.pipeline.pipeline_house import Built, evaluations, kept_environment

pytestmark = pytest.mark.pipeline


def test_the_run_succeeds_and_no_check_fails(built: Built) -> None:
    assert built.outcome.succeeded, built.outcome.errors
    assert built.outcome.checks_failed == 0, built.outcome.not_passed
    assert built.outcome.checks_passed > 100


def test_every_row_of_the_city_is_read(built: Built) -> None:
    held = {(table.system, table.table): table.rows for table in built.city.tables}
    read = {
        (row["system_code"], row["table_code"]): row["rows_read"]
        for row in _batches(built.house.settings)
    }
    assert read == held
    assert len(read) == sum(len(system.tables) for system in load_registry().systems)


def test_read_is_landed_plus_quarantined_counted_in_the_files(built: Built) -> None:
    settings = built.house.settings
    quarantined = 0
    for row in _batches(settings):
        landed = sum(pl.read_parquet(settings.landing / file).height for file in row["files"])
        bad = sum(
            pl.read_parquet(settings.landing / file).n_unique("row_number")
            for file in row["quarantine_files"]
        )
        assert row["rows_read"] == landed + bad, row
        assert (row["rows_landed"], row["rows_quarantined"]) == (landed, bad), row
        quarantined += bad
    assert quarantined > 0


def test_every_staging_row_is_named_by_the_key_of_its_source_row(built: Built) -> None:
    """That is how a changed row finds what has to be selected again."""
    keys: dict[tuple[str, str], list[str]] = {}
    for system, table, column in built.house.rows(
        "select system_code, table_code, column_code from meta.source_column where is_key"
    ):
        keys.setdefault((system, table), []).append(f"cast({column} as varchar)")
    applied = built.house.rows("select model_name, system_code, table_code from meta.applied_cut")
    assert len(applied) > 90
    for model, system, table in applied:
        named = f"concat_ws('.', {', '.join(keys[system, table])})"
        found = built.house.rows(
            f"select count(*), count(raw.row_key) from staging.{model} as staged"
            f" left join (select {named} as row_key from raw.{system}__{table}) as raw"
            " on cast(staged.source_key as varchar) = raw.row_key"
            f" where staged.system_code = '{system}'"
        )
        assert found[0][0] == found[0][1], (model, system)


def test_every_technology_has_quarantined_rows_that_can_be_corrected(built: Built) -> None:
    registry = load_registry()
    technologies = {system.system: system.connection.technology for system in registry.systems}
    found = built.house.rows(
        "select system_code, table_code, column_code, raw_value, reason, row_key, position, raw_row"
        " from meta.quarantine"
    )
    values = [row for row in found if row[2] is not None]
    for system_code, table_code, column_code, raw_value, reason, row_key, *_ in values:
        table = registry.system(system_code).table(table_code)
        assert table.column(column_code)
        assert raw_value
        assert reason
        assert list(json.loads(row_key)) == table.keys
        assert all(json.loads(row_key).values())
    assert {technologies[row[0]] for row in values} >= {"postgresql", "mysql", "sqlite"}
    # A line that is no row at all has no columns: its whole text and its place in the file stand.
    lines = [row for row in found if row[2] is None]
    assert "csv" in {technologies[row[0]] for row in lines}
    for *_, raw_value, reason, _row_key, position, raw_row in lines:
        assert raw_value
        assert reason
        assert int(position) > 1
        assert raw_row


def test_every_asset_of_the_graph_is_materialised(built: Built) -> None:
    settings = built.house.settings
    with kept_environment(), open_instance(settings) as instance:
        graph = build_definitions(settings=settings).resolve_asset_graph()
        keys = graph.materializable_asset_keys
        bare = [key for key in keys if instance.get_latest_materialization_event(key) is None]
    assert not bare
    models = len(list((dbt_folder() / "models").rglob("*.sql")))
    seeds = len(list((dbt_folder() / "seeds").rglob("*.csv")))
    assert len(keys) > models + seeds + 13


def test_every_check_of_the_graph_was_run(built: Built) -> None:
    settings = built.house.settings
    declared = build_definitions(settings=settings).resolve_asset_graph().asset_check_keys
    run = {
        dg.AssetCheckKey(check.asset_key, check.check_name)
        for check in evaluations(built.house, built.outcome)
    }
    assert run == set(declared)
    assert built.outcome.checks_passed + len(built.outcome.not_passed) == len(declared)


def _batches(settings: Settings) -> list[dict[str, object]]:
    """The ledger's batches of the registry's systems."""
    systems = {system.system for system in load_registry().systems}
    engine = open_store(settings)
    with reading(engine) as connection:
        rows = [dict(row._mapping) for row in connection.execute(batch.select())]
    engine.dispose()
    return [row for row in rows if row["system_code"] in systems]
