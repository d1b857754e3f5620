"""The highway as a service: it lands within a second, says how it stands, and survives being killed
at any moment without losing or doubling a change.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citybase.settings import Settings
from sources.highway.health import ask_health
from sources.highway.status import HighwayStatus
from tests.integration.capture.capture_house import Connection, Highway, LogServer

pytestmark = pytest.mark.integration

KILLS = 10
SERVICE = """
import signal, sys
from pathlib import Path
from citybase.settings import Settings
from sources.contract import System
from sources.highway.service import Highway
from sources.registry import Registry

system = System.model_validate_json(sys.argv[2])
highway = Highway(Settings(home=Path(sys.argv[1])), Registry(systems=(system,)))
signal.signal(signal.SIGTERM, lambda *_: highway.stop())
with highway.started():
    while not highway.wait(1):
        pass
"""


def start(highway: Highway) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            SERVICE,
            str(highway.settings.home),
            highway.system.model_dump_json(by_alias=True),
        ],
        env={**os.environ, highway.system.connection.location_env: highway.location},
    )


def wait_until(settings: Settings, seconds: float, **wanted: object) -> HighwayStatus:
    """The status once each field of the only system is as wanted."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ask_health(settings)
        if found is not None and all(
            getattr(found.systems[0], name) == value for name, value in wanted.items()
        ):
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {wanted}, {ask_health(settings)}")


@pytest.fixture
def source(log_server: LogServer, highway: Highway) -> Connection:
    connection = log_server.connect()
    connection.execute("set search_path = huji")
    return connection


def test_it_lands_as_things_happen_and_stops_when_asked(
    highway: Highway, source: Connection
) -> None:
    service = start(highway)
    try:
        wait_until(highway.settings, 30, phase="streams")
        source.execute("insert into t select n, 'name', n from generate_series(1, 500) n")
        deadline = time.monotonic() + 20
        while len(highway.rows("t")) < 500 and time.monotonic() < deadline:
            time.sleep(0.05)
        highway.equal("t")
        found = ask_health(highway.settings)
        assert found is not None
        assert found.healthy
        assert found.systems[0].tables[0].rows == 500
        assert found.systems[0].slot == "reserved"
        second = start(highway)
        assert second.wait(30) != 0, "an installation has one highway"
    finally:
        service.send_signal(signal.SIGTERM)
    assert service.wait(20) == 0
    assert ask_health(highway.settings) is None


def test_a_source_that_goes_away_is_waited_for(
    highway: Highway, source: Connection, log_server: LogServer
) -> None:
    service = start(highway)
    try:
        wait_until(highway.settings, 30, phase="streams")
        with log_server.connect() as admin:
            admin.execute("alter role reader nologin")
            admin.execute(
                "select pg_terminate_backend(active_pid) from pg_replication_slots"
                " where active_pid is not null"
            )
        try:
            found = wait_until(highway.settings, 30, phase="waits")
            assert not found.healthy
            assert found.events[0].remedy
            source.execute("insert into t values (1, '甲', 1)")
        finally:
            with log_server.connect() as admin:
                admin.execute("alter role reader login")
        found = wait_until(highway.settings, 60, phase="streams")
        assert found.events == ()
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(20)
    highway.equal("t")


def test_killed_at_any_moment_it_loses_and_doubles_nothing(
    highway: Highway, source: Connection, tmp_path: Path
) -> None:
    dice = random.Random(20261123)  # noqa: S311 - moments, not secrets
    writing = subprocess.Popen(
        [sys.executable, "-c", WRITER, source.info.dsn, str(tmp_path / "stop")]
    )
    try:
        for _ in range(KILLS):
            service = start(highway)
            time.sleep(dice.uniform(0.2, 3.0))
            service.kill()
            service.wait()
    finally:
        (tmp_path / "stop").touch()
        assert writing.wait(30) == 0
    highway.drain()
    highway.equal("t")
    check_history(highway)


# Somebody else's program, which numbers its changes: each row says how often it was changed.
WRITER = """
import random, sys, time
from pathlib import Path
import psycopg

dice, counts = random.Random(1), {}
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("set search_path = huji")
    while not Path(sys.argv[2]).exists():
        with connection.transaction():
            for _ in range(dice.randint(1, 20)):
                key = dice.randint(1, 50)
                counts[key] = counts.get(key, 0) + 1
                if dice.random() < 0.2:
                    connection.execute("delete from t where id = %s", (key,))
                connection.execute(
                    "insert into t values (%s, 'n', %s) on conflict (id) do update"
                    " set amount = excluded.amount", (key, counts[key])
                )
        time.sleep(dice.uniform(0, 0.02))
"""


def check_history(highway: Highway) -> None:
    """After the snapshot each key's count grows by one with each row: none is missing or twice."""
    counts: dict[int, int] = {}
    for row in highway.rows("t", history=True):
        key = row["id"]
        match row["_op"]:
            case "r":
                counts[key] = int(row["amount"])
            case "d":
                pass
            case _:
                assert int(row["amount"]) == counts.get(key, 0) + 1
                counts[key] = int(row["amount"])
