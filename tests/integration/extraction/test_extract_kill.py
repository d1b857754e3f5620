"""SIGKILL at random moments of an extraction: nothing torn, and the next run ends as if none."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from citybase.duck import connect
from citybase.store import open_store
from citybase.store.schema import batch
from sources.contract import System
from sources.landing import absolute, sweep_orphans
from sources.ledger import begin_attempt
from sources.tables import landed_table
from tests.integration.extraction.extraction_house import POSTGRESQL, House, Server, make_system
from tests.integration.extraction.kill_house import start

pytestmark = pytest.mark.integration

KILLS = 10
ROWS = 60_000


@pytest.fixture
def system(server: Server, schema: str, house: House) -> System:
    server.execute(f"""
        create table huji.resident as
        select i::text as id, date '2000-01-01' + i % 9000 as born, repeat('字', 20) as note
        from generate_series(1, {ROWS}) as i
    """)
    server.execute("insert into huji.resident values ('1', null, 'repeated')")
    made = make_system(POSTGRESQL, {"resident": ["id varchar key", "born date", "note varchar"]})
    house.locate(made, server.reader)
    return made


def committed(house: House) -> list[sa.RowMapping]:
    engine = open_store(house.settings)
    with engine.connect() as connection:
        rows = list(connection.execute(sa.select(batch).order_by(batch.c.batch_id)).mappings())
    engine.dispose()
    return rows


def assert_whole(house: House) -> None:
    """Every ledger row's files are there and hold what it says."""
    with connect() as duck:
        for row in committed(house):
            files = [str(f) for f in absolute(house.settings, tuple(row["files"]))]
            bad = [str(f) for f in absolute(house.settings, tuple(row["quarantine_files"]))]
            [(landed, keys)] = duck.execute(
                "select count(*), count(distinct id) from read_parquet($1)", [files]
            ).fetchall()
            [(quarantined,)] = duck.execute(
                "select count(distinct row_number) from read_parquet($1)", [bad]
            ).fetchall()
            assert (landed, keys, quarantined) == (ROWS, ROWS, 1)
            assert row["rows_read"] == ROWS + 1


def test_no_kill_tears_the_ledger_and_the_next_run_equals(
    system: System, server: Server, house: House
) -> None:
    start(house, system).wait(timeout=120)
    [first] = committed(house)
    dice = random.Random(20240101)  # noqa: S311 - moments, not secrets
    tries = killed = 0
    longest = 1.0

    while killed < KILLS:
        tries += 1
        assert tries < 10 * KILLS
        server.execute("update huji.resident set note = note || '变' where id = '7'")
        process = start(house, system)
        time.sleep(dice.uniform(0, longest))
        os.killpg(process.pid, signal.SIGKILL)
        if process.wait(timeout=60) == -signal.SIGKILL:
            killed += 1
        else:
            # It was done before: aim earlier.
            longest *= 0.8
        assert_whole(house)
    start(house, system).wait(timeout=120)

    assert_whole(house)
    assert committed(house)[-1]["checksum"] != first["checksum"]
    [(note,)] = house.landed(system, "resident", "max(note) filter (where id = '7')")
    assert note == "字" * 20 + "变" * tries
    assert all("scratch" not in file.name for file in house.settings.landing.rglob("*.parquet"))
    listed = {f for row in committed(house) for f in (*row["files"], *row["quarantine_files"])}
    stored = {
        file.relative_to(house.settings.landing).as_posix()
        for file in house.settings.landing.rglob("*.parquet")
    }
    assert stored == listed
    assert not list((house.settings.scratch / "extract").iterdir())


@pytest.mark.parametrize(
    "death",
    [
        "before sources.modes.extraction.read_into",
        "after sources.modes.extraction.read_into",
        "after sources.attempt.land_good_rows",
        "after sources.attempt.quarantine_bad_rows",
        "before sources.landing.make_durable",
        "before sources.ledger.commit",
        "after sources.ledger.commit",
    ],
)
def test_a_death_between_any_two_steps_is_harmless(
    system: System, server: Server, house: House, death: str
) -> None:
    start(house, system).wait(timeout=120)
    server.execute("update huji.resident set note = '变' where id = '7'")

    process = start(house, system, death)
    assert process.wait(timeout=120) == -signal.SIGKILL

    assert_whole(house)
    assert len(committed(house)) == (2 if death == "after sources.ledger.commit" else 1)
    [receipt] = house.extract(system).receipts
    assert receipt.unchanged == (death == "after sources.ledger.commit")
    assert_whole(house)
    assert len(list(house.settings.landing.rglob("*.parquet"))) == 4


def test_a_sweep_spares_what_is_listed_and_what_is_in_progress(
    system: System, server: Server, house: House
) -> None:
    house.extract(system)
    listed = set(house.settings.landing.rglob("*.parquet"))
    folder = house.settings.landing / system.system / "resident"
    engine = open_store(house.settings)
    number = begin_attempt(engine, landed_table(system, system.table("resident")))
    orphans = {folder / f"{number}.parquet", folder / "quarantine" / f"{number}.parquet"}
    for orphan in orphans:
        orphan.write_bytes(b"PAR1")

    process = start(house, system)
    deadline = time.monotonic() + 30
    while not list(folder.glob("*.scratch.parquet")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGSTOP)
    running = set(house.settings.landing.rglob("*.parquet"))
    assert sweep_orphans(house.settings, engine) == []
    assert set(house.settings.landing.rglob("*.parquet")) == running
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)

    for orphan in orphans:
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"PAR1")
    assert orphans <= set(sweep_orphans(house.settings, engine))
    assert set(house.settings.landing.rglob("*.parquet")) == listed
    engine.dispose()


def test_the_server_is_left_alone_by_a_killed_reader(
    system: System, server: Server, house: House, tmp_path: Path
) -> None:
    """A killed extraction leaves no session that holds the table against its owner."""
    process = start(house, system)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)

    server.execute("set lock_timeout = '20s'; alter table huji.resident add column later int")
