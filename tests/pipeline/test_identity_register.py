"""Keys are minted once and outlive the warehouse: landing remembers them."""

from pathlib import Path

import polars as pl
import pytest

from citybase.duck import connect
from orchestration.assets.identity_register import register_key
from orchestration.assets.publish import serving_keys
from orchestration.instance import open_instance
from sources.identity_register import REGISTERS, SYSTEM
from tests.pipeline.pipeline_house import Built, House, copied, kept_environment
from tests.pipeline.story import Story

pytestmark = pytest.mark.pipeline

MODELS = {register.table_code: f"intermediate.{register.model}" for register in REGISTERS}
Minted = dict[str, int]


@pytest.mark.parametrize("table", MODELS)
def test_an_anchor_has_one_key_and_a_key_one_anchor(built: Built, table: str) -> None:
    rows = built.house.rows(f"select key, anchor from {MODELS[table]} where operation = 'mint'")
    assert len(rows) > 100
    assert len({key for key, _ in rows}) == len({anchor for _, anchor in rows}) == len(rows)
    assert sorted(key for key, _ in rows) == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("table", MODELS)
def test_what_was_minted_has_landed(built: Built, table: str) -> None:
    assert _landed(built.house, table) == _minted(built.house.settings.warehouse, table)


def test_keys_land_before_they_are_published(built: Built) -> None:
    with kept_environment(), open_instance(built.house.settings) as instance:

        def position(key: object) -> int:
            record = instance.fetch_materializations(key, limit=1).records[0]
            assert record.run_id == built.outcome.run_id
            return record.storage_id

        landed = [position(register_key(table)) for table in MODELS]
        published = [position(key) for key in serving_keys()]
    assert max(landed) < min(published)


@pytest.mark.parametrize("table", MODELS)
def test_keys_survive_every_kind_of_build(built: Built, story: Story, table: str) -> None:
    first = _minted(built.house.settings.warehouse, table)
    delta = _minted(story.house.settings.warehouse, table)
    assert first.items() <= delta.items()
    assert _minted(story.refreshed, table) == delta
    # Only landing knew the keys when the warehouse was gone.
    assert _minted(story.emptied, table) == delta
    assert _landed(story.house, table) == delta


def test_new_identities_get_new_keys(built: Built, story: Story) -> None:
    first = _minted(built.house.settings.warehouse, "person")
    delta = _minted(story.house.settings.warehouse, "person")
    new = {key for anchor, key in delta.items() if anchor not in first}
    assert len(new) == 2
    assert min(new) > max(first.values())


def test_a_register_that_contradicts_landing_is_refused(built: Built, tmp_path: Path) -> None:
    with copied(built.house, tmp_path / "contradiction") as house:
        house.bind()
        swap = "case key when 1 then 2 when 2 then 1 else key end"
        with house.warehouse(read_only=False) as connection:
            connection.execute(f"update {MODELS['person']} set key = {swap}")
        said = house.dbt("run", "-s", "int_population__identity_register", succeeds=False)
        assert "gives 2 keys to other anchors than landing does" in said
        assert "remove the warehouse file and build again" in said
        minted = _minted(house.settings.warehouse, "person")
        landed = _landed(house, "person")
        assert {anchor for anchor in minted if minted[anchor] != landed[anchor]} == {
            anchor for anchor, key in landed.items() if key in (1, 2)
        }


def _minted(warehouse: Path, table: str) -> Minted:

    with connect(warehouse, read_only=True) as connection:
        return dict(connection.execute(f"select anchor, key from {MODELS[table]}").fetchall())


def _landed(house: House, table: str) -> Minted:
    """What the files of landing say, read without DuckDB."""
    segments = sorted((house.settings.landing / SYSTEM / table).glob("*.parquet"))
    rows = pl.concat([pl.read_parquet(segment) for segment in segments])
    assert rows["anchor"].n_unique() == rows.height
    return dict(rows.select("anchor", "key").iter_rows())
