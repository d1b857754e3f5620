"""Which registry files a city hangs on: those of its own systems, as far as they decide what is
filled; and a system that cannot be counted is one to be filled again.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from citybase.settings import Settings
from sources.contract import System
from sources.registry import Registry
from sources.simulator import CityError, CityPlan, create_city
from sources.simulator.city import _count, file_location
from sources.simulator.served import (
    SYSTEMS,
    refuse_other_registry,
    served,
    system_digests,
)
from sources.simulator.servers import PostgresServer
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.unit


def changed(registry: Registry, code: str, change: Callable[[dict[str, Any]], None]) -> Registry:
    facts = registry.system(code).model_dump(by_alias=True)
    change(facts)
    mine = System.model_validate(facts)
    return Registry(tuple(mine if s.system == code else s for s in registry.systems))


def test_the_city_fills_its_systems_and_no_other(
    registry: Registry, city: duckdb.DuckDBPyConnection
) -> None:
    names = city.execute(
        "select distinct table_name from duckdb_columns() where schema_name = 'source'"
    ).fetchall()
    made = {str(name).partition("__")[0] for (name,) in names}
    assert made >= SYSTEMS == {system.system for system in served(registry).systems}
    assert {system.system for system in registry.systems} & made == SYSTEMS


def test_a_system_added_by_hand_does_not_matter_to_it(registry: Registry) -> None:
    real = make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}, code="museum")
    beside = Registry((*registry.systems, real), registry.shapes)
    assert served(beside) == served(registry)


CHANGES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "owner": lambda facts: facts["owner"].update(phone="0539-1"),
    "class": lambda facts: facts["tables"][0]["columns"][0].update({"class": "sensitive"}),
    "modelled": lambda facts: facts["tables"][0].update(modelled=True),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_said_of_the_use_of_data_does_not_matter(registry: Registry, change: str) -> None:
    now = changed(registry, "hotline", CHANGES[change])
    assert now.system("hotline") != registry.system("hotline")
    refuse_other_registry(system_digests(registry), now)


def test_a_changed_a_new_and_a_missing_file_are_each_named(registry: Registry) -> None:
    made_from = system_digests(registry)
    renamed = changed(
        registry, "hotline", lambda facts: facts["tables"][0]["columns"][1].update(source="other")
    )
    now = Registry(tuple(s for s in renamed.systems if s.system != "forest_right"))
    del made_from["water_intake"]
    with pytest.raises(CityError) as refused:
        refuse_other_registry(made_from, now)
    assert "(changed: hotline; new: water_intake; gone: forest_right)" in refused.value.message
    assert "city drop" in refused.value.remedy


@pytest.mark.parametrize(
    ("technology", "name"), [("xlsx", "名单_20240101.xlsx"), ("sqlite", None), ("csv", None)]
)
def test_a_system_that_cannot_be_read_has_no_count(
    tmp_path: Path, technology: str, name: str | None
) -> None:
    connection = {"technology": technology}
    if technology == "csv":
        connection["encoding"] = "utf-8"
    system = make_system(connection, {"record=名单_*.xlsx": ["id varchar key"]}, code="name_list")
    settings = Settings(home=tmp_path)
    place = file_location(settings, system)
    file = place / name if name else place
    file.parent.mkdir(parents=True)
    file.write_bytes(b"half a file")
    server = PostgresServer(pid=0, socket_folder="", port=0, password="")
    assert _count(settings, system, server) is None


def test_a_home_with_a_blank_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "my home")
    with pytest.raises(CityError, match=re.escape("the path holds a blank")):
        create_city(settings, CityPlan(scale=0.00005), on_step=pytest.fail)
    assert not settings.home.exists()
