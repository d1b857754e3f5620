"""The libraries of a demonstration against the truth, and again after the city has lived on for a
month; and what the demonstration prints.
"""

import json
from pathlib import Path

import pytest

from citybase.duck import connect
from sources.registry import load_registry
from sources.simulator import truth_path
from tests.pipeline.goals import assert_met
from tests.pipeline.lived_in.story import DAYS, SEED, Demonstrated, Evolved

pytestmark = pytest.mark.pipeline


def test_another_city_meets_every_goal(demonstrated: Demonstrated) -> None:
    plan = json.loads(demonstrated.house.citybase("city", "status", "--json").stdout)
    assert plan["seed"] == SEED
    assert_met(demonstrated.score)


def test_the_other_city_meets_every_goal_a_month_later(evolved: Evolved) -> None:
    assert_met(evolved.score)


def test_what_happens_in_a_city_arrives_in_its_library(
    demonstrated: Demonstrated, evolved: Evolved
) -> None:
    report = evolved.report
    assert report["days"] == DAYS
    assert all(report["events"][kind] > 0 for kind in ("birth", "death", "move", "name_change"))
    with connect(truth_path(evolved.house.settings), read_only=True) as connection:
        born = connection.execute(
            f"select number from main.person where birth_date > date '{report['today']}'"
        ).fetchall()
        dead = connection.execute(
            f"select number from main.person where death_date > date '{report['today']}'"
        ).fetchall()
    with connect(demonstrated.built, read_only=True) as connection:
        before = dict(connection.execute(_PEOPLE).fetchall())
    with connect(evolved.warehouse, read_only=True) as connection:
        after = dict(connection.execute(_PEOPLE).fetchall())
    newborn = {number for (number,) in born}
    deceased = {number for (number,) in dead}
    assert newborn.isdisjoint(before)
    assert newborn & set(after)
    # Some deaths are told later than a month, or by nobody.
    assert not any(before.get(number) for number in deceased)
    assert any(after.get(number) for number in deceased)
    addresses = _addresses(demonstrated.built), _addresses(evolved.warehouse)
    moved = [key for key, value in addresses[0].items() if addresses[1].get(key) != value]
    assert len(moved) >= 10


def test_demo_json_is_what_was_agreed(demonstrated: Demonstrated) -> None:
    path: Path = demonstrated.house.settings.reports / "demo.json"
    printed = demonstrated.printed
    assert json.loads(path.read_text(encoding="utf-8")) == printed
    assert list(printed) == [
        "technologies",
        "stand_ins",
        "systems",
        "tables",
        "rows_read",
        "rows_landed",
        "rows_quarantined",
        "persons",
        "organisations",
        "licences",
        "checks",
        "score",
        "seconds",
        "peak_rss_mb",
    ]
    assert list(printed["checks"]) == ["passed", "warned", "failed"]
    assert list(printed["score"]) == ["population", "legal_entity", "licence", "defects"]


def test_demo_json_agrees_with_the_installation(demonstrated: Demonstrated) -> None:
    printed = demonstrated.printed
    registry = load_registry()
    assert printed["technologies"] == sorted(
        {system.connection.technology for system in registry.systems}
    )
    assert printed["systems"] == len(registry.systems) == 67
    assert printed["tables"] == len(list(registry.tables())) == 119
    assert printed["rows_read"] == printed["rows_landed"] + printed["rows_quarantined"]
    assert printed["rows_quarantined"] > 0
    with connect(demonstrated.built, read_only=True) as connection:

        def count(query: str) -> int:
            ((value,),) = connection.execute(query).fetchall()
            return int(value)

        assert printed["rows_read"] == count(
            "select sum(rows_read) from library.lib_shared__entity_source_table"
        )
        for name, table in (
            ("persons", "lib_population__entity_person"),
            ("organisations", "lib_legal_entity__entity_organisation"),
            ("licences", "lib_licence__entity_licence"),
        ):
            assert printed[name] == count(f"select count(*) from library.{table}") > 100
    assert printed["checks"]["failed"] == 0
    assert printed["checks"]["passed"] > 900
    assert printed["score"] == json.loads(json.dumps(demonstrated.score.as_json()))
    assert printed["seconds"] > 0
    assert 100 < printed["peak_rss_mb"] < 2048


_PEOPLE = """
    select resident_number, is_deceased
    from library.lib_population__entity_person
    where resident_number is not null
"""


def _addresses(warehouse: Path) -> dict[int, str]:
    with connect(warehouse, read_only=True) as connection:
        return dict(
            connection.execute(
                "select person_key, address from library.lib_population__entity_person"
            ).fetchall()
        )
