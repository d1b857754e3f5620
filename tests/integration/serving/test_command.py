"""The commands as a person types them."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from citybase.cli import serving
from citybase.errors import WarehouseError
from tests.integration.serving.serving_house import House, build_house

pytestmark = pytest.mark.integration

app = typer.Typer()
for command in (serving.publish, serving.query, serving.versions):
    app.command()(command)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An unpublished house the commands work on."""
    house = build_house(tmp_path / "home")
    monkeypatch.setenv("CITYBASE_HOME", str(house.settings.home))
    return house


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_publish_versions_and_query_speak_json(house: House) -> None:
    published = json.loads(_run("publish", "--manifest", str(house.manifest), "--json"))
    assert published["batch"] == 1
    assert [v["audience"] for v in published["versions"]] == ["steward", "analyst"]
    listed = json.loads(_run("versions", "--json"))
    assert [(v["audience"], v["version"], v["is_current"]) for v in listed] == [
        ("steward", 1, True),
        ("analyst", 1, True),
    ]
    sql = "select name, birth_month from population.entity_person where person_key = 1"
    assert json.loads(_run("query", sql, "--json")) == [{"name": "张*丽", "birth_month": "1985-07"}]
    sql = "select name, birth_date from population.entity_person where person_key = 1"
    assert json.loads(_run("query", sql, "--json", "--audience", "steward")) == [
        {"name": "张伟丽", "birth_date": "1985-07-12"}
    ]


def test_tables_are_readable_and_values_are_no_markup(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A worker that has loaded readline says that it has 80 columns.
    monkeypatch.delenv("COLUMNS", raising=False)
    assert "population" in _run("publish", "--manifest", str(house.manifest))
    assert "current" in _run("versions")
    assert "[red]" in _run("query", "select '[red]' as colour")
    # A pipe has no edge to fold at.
    assert "x" * 300 in _run("query", "select repeat('x', 300) as long, 2 as beside")


@pytest.mark.parametrize(
    "sql",
    [
        "show all tables",
        "describe population.entity_person",
        "explain select 1",
        "with one as (select 1 as answer) from one",
        "pivot (select 'answer' as name, 1 as value) on name using sum(value)",
    ],
)
def test_every_form_of_a_question_is_answered(house: House, sql: str) -> None:
    house.publish()
    assert json.loads(_run("query", sql, "--json"))


@pytest.mark.parametrize(
    "sql",
    [
        "select nonsense",
        "delete from population.entity_person",
        "copy population.entity_person to 'out.csv'",
        "attach 'other.duckdb'",
        "select * from read_text('/etc/hostname')",
        "set enable_external_access = true",
        "create table mine as from population.entity_person",
        "create view mine as select 1; from mine",
        "select 1; select 2",
        "",
    ],
)
def test_a_query_that_cannot_be_answered_is_one_clear_error(
    house: House, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(house.settings.home)
    house.publish()
    with pytest.raises(WarehouseError, match="cannot be answered") as refused:
        _run("query", sql)
    assert "show all tables" in refused.value.remedy
    assert not (house.settings.home / "out.csv").exists()
