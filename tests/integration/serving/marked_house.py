"""A house whose libraries each carry a mark, so that a torn publication shows.

``publish_forever.py`` changes the marks. Keep out: killing it.
"""

import json
from pathlib import Path

import duckdb

from citybase.errors import CitybaseError
from citybase.serving.audience import AUDIENCES
from citybase.serving.open import open_library
from citybase.serving.versions import current_version, read_record, version_folder
from tests.integration.serving.publish_forever import MARKED
from tests.integration.serving.serving_house import NODES, House, build_house, column


def build_marked_house(home: Path) -> House:
    """A house, published once, whose files each carry a mark."""
    house = build_house(home)
    nodes = json.loads(json.dumps(NODES))
    for node in nodes:
        if f"{node['schema']}.{node['name']}" in MARKED:
            node["columns"]["mark"] = {"name": "mark", **column("open")}
    house.declare(nodes)
    house.change(*(f"alter table {table} add column mark bigint default 0" for table in MARKED))
    house.publish()
    return house


def current_mark(house: House, audience: str) -> int:
    """The one mark of what an audience has now."""
    (mark,) = _marks(house, audience)
    return mark


def torn_audiences(house: House) -> dict[str, str]:
    """The audiences whose current version is not whole, with what is wrong."""
    torn = {}
    for name in (audience.name for audience in AUDIENCES):
        try:
            marks = _marks(house, name)
            record = read_record(version_folder(house.settings, name))
        except (CitybaseError, duckdb.Error, OSError) as error:
            torn[name] = str(error)
            continue
        if len(marks) != 1:
            torn[name] = f"mixes {marks}"
        elif record is None or record.batch != current_version(house.settings, name):
            torn[name] = f"is recorded as {record}"
    return torn


def _marks(house: House, audience: str) -> set[int]:
    with open_library(house.settings, audience) as connection:
        found = connection.execute(
            "select mark from population.entity_person union select mark from shared.code_value"
            " union select mark from mart.overview__population_by_county"
        ).fetchall()
        # Files that never change are read too, so that every file of the version is opened.
        assert connection.execute(
            "select count(*) from legal_entity.entity_organisation"
        ).fetchone() == (5,)
    return {mark for (mark,) in found}
