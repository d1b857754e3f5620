"""Keys are minted once: landing remembers them before anybody reads them."""

from pathlib import Path

import pytest

from orchestration.assets.identity_register import register_key
from orchestration.assets.publish import serving_keys
from orchestration.instance import open_instance
from tests.pipeline.pipeline_house import Built, copied, kept_environment
from tests.pipeline.register import MODELS, landed_entries, warehouse_entries

pytestmark = pytest.mark.pipeline


@pytest.mark.parametrize("table", MODELS)
def test_every_subject_has_a_key_of_its_own(built: Built, table: str) -> None:
    rows = built.house.rows(
        f"select key, anchor from {MODELS[table]} where operation in ('mint', 'split')"
    )
    assert len(rows) > 100
    assert len({anchor for _, anchor in rows}) == len(rows)
    assert sorted(key for key, _ in rows) == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("table", MODELS)
def test_what_was_minted_has_landed(built: Built, table: str) -> None:
    assert landed_entries(built.house, table) == warehouse_entries(
        built.house.settings.warehouse, table
    )


def test_keys_land_before_they_are_published(built: Built) -> None:
    with kept_environment(), open_instance(built.house.settings) as instance:

        def position(key: object) -> int:
            record = instance.fetch_materializations(key, limit=1).records[0]
            assert record.run_id == built.outcome.run_id
            return record.storage_id

        landed = [position(register_key(table)) for table in MODELS]
        published = [position(key) for key in serving_keys()]
    assert max(landed) < min(published)


def test_a_register_that_contradicts_landing_is_refused(built: Built, tmp_path: Path) -> None:
    with copied(built.house, tmp_path / "contradiction") as house:
        house.bind()
        swap = "case key when 1 then 2 when 2 then 1 else key end"
        with house.warehouse(read_only=False) as connection:
            connection.execute(
                f"update {MODELS['person']} set key = {swap} where operation = 'mint'"
            )
        said = house.dbt("run", "-s", "int_population__identity_register", succeeds=False)
        assert "tells 2 entries otherwise than landing does" in said
        assert "remove the warehouse file and build again" in said
        differing = warehouse_entries(house.settings.warehouse, "person") ^ landed_entries(
            house, "person"
        )
        assert len(differing) == 4
