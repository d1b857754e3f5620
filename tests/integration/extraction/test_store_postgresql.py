"""The operational store on PostgreSQL: same schema, same ledger, several openers at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict

from citybase.store import open_store
from citybase.store.engine import URL_VARIABLE
from citybase.store.schema import metadata
from sources.gathered import gathered
from sources.ledger import totals
from sources.raw import bind
from sources.registry import Registry
from tests.integration.extraction.extraction_house import CSV, House, Server, make_system

pytestmark = pytest.mark.integration

OPEN = """
import sys
from pathlib import Path
from citybase.settings import Settings
from citybase.store import open_store
open_store(Settings(home=Path(sys.argv[1]))).dispose()
"""


@pytest.fixture
def store(server: Server, house: House) -> Iterator[str]:
    """An empty database of its own."""
    server.execute("drop database if exists ops")
    server.execute("create database ops")
    host = conninfo_to_dict(server.admin)["host"]
    url = f"postgresql+psycopg://postgres@/ops?host={host}"
    house.monkeypatch.setenv(URL_VARIABLE, url)
    yield url
    server.execute("drop database ops with (force)")


def test_many_processes_may_open_a_new_store_at_once(store: str, house: House) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(house.settings.home)],
            env={**os.environ, URL_VARIABLE: store},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    assert [(p.wait(timeout=60), p.communicate()[1]) for p in processes] == [(0, "")] * 3
    engine = sa.create_engine(store)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_extraction_and_bind_work_on_it(store: str, house: House, tmp_path: Path) -> None:
    (tmp_path / "人员.csv").write_text("id,age\na,7\nb,x\n", encoding="gb18030")
    system = make_system(
        CSV, {"person=人员*.csv": ["id varchar key", "age integer"]}, code="health"
    )
    house.locate(system, tmp_path)

    assert not house.extract(system).receipts[0].unchanged
    assert house.extract(system).receipts[0].unchanged
    cut = bind(house.settings, registry=Registry(systems=(system,)))

    engine = open_store(house.settings)
    [total] = totals(engine)
    found = gathered(engine, Registry(systems=(system,)))
    engine.dispose()
    assert (cut.batches, cut.rows, total.batches) == (1, 1, 2)
    assert (found.items, found.rows, found.channel_rows) == (1, 1, 1)
    assert not house.settings.ops.exists()
