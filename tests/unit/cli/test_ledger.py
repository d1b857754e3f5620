"""`citybase ledger`: what the sources brought, and apart from it what citybase landed itself."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from citybase.cli.ledger import ledger
from citybase.settings import load_settings
from citybase.store import open_store
from sources.identity_register import SYSTEM
from sources.ledger import Batch, begin_attempt, commit, now
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


@pytest.mark.usefixtures("_tried")
def test_the_sentence_is_told_as_of_any_time_however_it_is_written() -> None:
    before = now()
    engine = open_store(load_settings())
    relic = landed_table(
        make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}, code="museum"),
        make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}).tables[0],
    )
    commit(
        engine,
        relic,
        Batch(
            batch_id=begin_attempt(engine, relic),
            system_code="museum",
            table_code="relic",
            mode="full",
            kind="base",
            position={},
            files=("museum/relic/1.parquet",),
            quarantine_files=(),
            rows_read=7,
            rows_landed=7,
            rows_quarantined=0,
            rows_unchanged=0,
            rows_held=7,
            min_watermark=None,
            max_watermark=None,
            checksum="0",
            schema_version=0,
            started_at=before,
            committed_at=before,
        ),
    )
    engine.dispose()
    here = f"{(before + timedelta(hours=8)).isoformat()}+08:00"
    for options, rows, batches in (([], 7, 1), (["--as-of", here], 0, 0)):
        told = json.loads(CliRunner().invoke(app, ["--json", *options]).stdout)
        counted = [total["batches"] for total in told["tables"] if total["table_code"] == "relic"]
        assert (told["rows"], told["channel_rows"], counted) == (rows, rows, [batches])
    assert told["as_of"] == f"{before.isoformat()}Z"
    shown = CliRunner().invoke(app, ["--matrix"]).stdout.splitlines()
    assert [line.split() for line in shown if line][1:3] == [
        ["全市"],
        ["no", "longer", "in", "the", "registry", "1", "7", "7"],
    ]
    assert "counted: museum.relic" in shown[-2]
    assert shown[-1] == "已汇聚 0 个县区 0 个部门 1 项 7 条数据,数据高速通道累计 7 条"
    assert CliRunner().invoke(app, ["--as-of", "yesterday"]).exit_code == 2
