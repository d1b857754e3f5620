"""A model that reads what the registry does not hold is named before dbt stumbles over it."""

from pathlib import Path

import pytest

from citybase.errors import RegistryError
from sources.dbt_sources import model_folder, refuse_models_without_source
from sources.registry import Registry, load_registry

pytestmark = pytest.mark.unit


def without(registry: Registry, system: str) -> Registry:
    return Registry(tuple(s for s in registry.systems if s.system != system), registry.shapes)


def test_the_models_of_the_house_read_what_the_registry_holds() -> None:
    refuse_models_without_source(load_registry())


def test_a_model_whose_registry_file_is_gone_is_named_with_its_line() -> None:
    with pytest.raises(RegistryError) as refused:
        refuse_models_without_source(without(load_registry(), "provident_fund"))

    file, line = refused.value.message.split(" reads ")[0].split(":")
    text = (model_folder().parent.parent / file).read_text(encoding="utf-8")
    assert "'provident_fund'" in text.splitlines()[int(line) - 1]
    assert "provident_fund.account, which the registry does not hold." in refused.value.message


def test_members_of_a_shape_may_come_and_go() -> None:
    refuse_models_without_source(without(load_registry(), "grid_lanshan"))


def test_a_model_of_a_table_that_is_only_landed_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "staging"
    folder.mkdir()
    (folder / "stg_call.sql").write_text("select *\nfrom {{ source('hotline', 'call') }}\n")
    (folder / "stg_grid.sql").write_text("{{ from_shape('county_grid', 'nosuch') }}\n")

    with pytest.raises(RegistryError) as refused:
        refuse_models_without_source(load_registry(), tmp_path)

    assert refused.value.message == (
        f"{folder}/stg_call.sql:2 reads hotline.call, of which the registry says"
        " `modelled: false` (1 more after it)."
    )
