"""`citybase ledger`: what the sources brought, and apart from it what citybase landed itself."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from citybase.cli.ledger import ledger
from citybase.settings import load_settings
from citybase.store import open_store
from sources.identity_register import SYSTEM
from sources.ledger import begin_attempt
from sources.tables import landed_table
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.unit

app = typer.Typer()
app.command()(ledger)


@pytest.fixture
def _tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBASE_HOME", str(tmp_path))
    engine = open_store(load_settings())
    for code, tables in {"museum": ["relic", "room"], SYSTEM: ["person"]}.items():
        system = make_system(
            {"technology": "sqlite"}, {table: ["id varchar key"] for table in tables}, code=code
        )
        for table in system.tables:
            begin_attempt(engine, landed_table(system, table))
    engine.dispose()


@pytest.mark.usefixtures("_tried")
def test_the_identity_register_is_told_apart_from_the_sources() -> None:
    shown = [line.split() for line in CliRunner().invoke(app, []).stdout.splitlines()]
    heads = [words[0] if len(words) == 1 else " ".join(words[:2]) for words in shown if words]
    places = [heads.index(head) for head in ("museum", "2 tables", SYSTEM, "1 own", f"{SYSTEM} is")]
    assert places == sorted(places)


@pytest.mark.usefixtures("_tried")
def test_a_program_is_told_which_tables_are_no_sources() -> None:
    told = json.loads(CliRunner().invoke(app, ["--json"]).stdout)["tables"]
    assert [(total["table_code"], total["is_own"]) for total in told] == [
        ("person", True),
        ("relic", False),
        ("room", False),
    ]
