"""The libraries against the truth, and the demonstration that prints it: two cities."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from citybase.duck import connect
from citybase.score import Figure, score_published
from citybase.settings import Settings
from sources.simulator import truth_path
from tests.pipeline.pipeline_house import Built, House, city_home

pytestmark = pytest.mark.pipeline

OTHER_SEED = 20260105
GOALS = {
    ("population", "person_key"): 0.999,
    ("population", "name"): 0.999,
    ("population", "sex"): 0.999,
    ("population", "birth_date"): 0.999,
    ("population", "address"): 0.96,
    ("legal_entity", "entity_key"): 0.999,
    ("licence", "holder"): 0.999,
    ("licence", "computed_state"): 1.0,
}


@pytest.fixture(scope="module")
def demonstrated(built: Built) -> Iterator[tuple[House, dict[str, Any]]]:
    """Another city, made by the command a newcomer types, and what that printed."""
    with city_home() as settings:
        house = House(settings, built.house.server)
        done = house.citybase(
            "demo", "--json", "--seed", str(OTHER_SEED), "--scale", str(built.city.plan.scale)
        )
        assert done.returncode == 0, done.stderr[-4000:]
        yield house, json.loads(done.stdout)


def test_the_city_meets_every_goal(built: Built) -> None:
    _assert_met(score_published(built.house.settings).figures)


def test_another_city_meets_every_goal(demonstrated: tuple[House, dict[str, Any]]) -> None:
    _assert_met(score_published(demonstrated[0].settings).figures)


def test_the_other_city_is_another_one(
    built: Built, demonstrated: tuple[House, dict[str, Any]]
) -> None:
    numbers = [_numbers(house.settings) for house in (built.house, demonstrated[0])]
    assert all(len(found) > 1000 for found in numbers)
    assert len(numbers[0] & numbers[1]) < 10


def test_demo_json_is_what_was_agreed(demonstrated: tuple[House, dict[str, Any]]) -> None:
    house, printed = demonstrated
    path: Path = house.settings.reports / "demo.json"
    assert json.loads(path.read_text(encoding="utf-8")) == printed
    assert list(printed) == [
        "technologies",
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
    assert list(printed["score"]) == ["population", "legal_entity", "licence"]


def test_demo_json_agrees_with_the_installation(
    built: Built, demonstrated: tuple[House, dict[str, Any]]
) -> None:
    house, printed = demonstrated
    assert printed["technologies"] == ["csv", "postgresql", "sqlite"]
    assert printed["systems"] == 6
    assert printed["tables"] == len(built.city.tables)
    assert printed["rows_read"] == printed["rows_landed"] + printed["rows_quarantined"]
    assert printed["rows_quarantined"] > 0
    assert printed["rows_read"] == house.one(
        "select sum(rows_read) from meta.batch where system_code <> 'identity_register'"
    )
    for name, table in (
        ("persons", "lib_population__entity_person"),
        ("organisations", "lib_legal_entity__entity_organisation"),
        ("licences", "lib_licence__entity_licence"),
    ):
        assert printed[name] == house.one(f"select count(*) from library.{table}") > 100
    assert printed["checks"]["failed"] == 0
    assert sum(printed["checks"].values()) == built.outcome.checks_passed + len(
        built.outcome.not_passed
    )
    assert printed["score"] == score_published(house.settings).as_json()
    assert printed["seconds"] > 0
    assert 100 < printed["peak_rss_mb"] < 2048


def _assert_met(figures: tuple[Figure, ...]) -> None:
    found = {(figure.library, figure.code): figure for figure in figures}
    assert found.keys() >= GOALS.keys()
    for key, goal in GOALS.items():
        figure = found[key]
        assert figure.total > 100, figure
        assert figure.right / figure.total >= goal, figure
    assert all(figure.met for figure in figures)


def _numbers(settings: Settings) -> set[str]:
    """The resident numbers of a city's people, from its truth."""
    with connect(truth_path(settings), read_only=True) as connection:
        rows = connection.execute("select number from main.person").fetchall()
    return {number for (number,) in rows}
