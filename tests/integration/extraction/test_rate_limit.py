"""A source is read no faster than its department asked, and what lands is the same to the row."""

import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from sources.contract import System
from sources.extract import SystemResult
from sources.highway.pulls import Puller
from sources.pace import Pace
from sources.registry import Registry
from tests.integration.extraction.extraction_house import (
    POSTGRESQL,
    House,
    Server,
    limited,
    make_system,
)
from tests.mariadb_house import Mariadb

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

ROWS = 6_000
ROWS_PER_SECOND = 3_000
COLUMNS = [
    "id bigint key",
    "name varchar",
    "born date",
    "amount decimal(12,2)",
    "seen timestamp",
    "ratio double",
]
VALUES = (
    "{id}, concat('张䶮', {id}), case {id} % 7 when 0 then null else date '1960-02-29' end,"
    " {id} / 4, timestamp '2024-01-02 03:04:05', {id} / 3"
)
MYSQL = {"technology": "mysql"}


def timed(extract: Callable[[], SystemResult]) -> float:
    begun = time.monotonic()
    result = extract()
    assert result.failures == ()
    return time.monotonic() - begun


@pytest.fixture(params=["postgresql", "mysql"])
def system(request: pytest.FixtureRequest, house: House) -> System:
    """A table of ROWS rows, in a database of either make."""
    declared = (
        "create table {name} (id bigint primary key, name varchar(40), born date,"
        " amount numeric(12,2), seen timestamp null, ratio double precision)"
    )
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("server")
        request.getfixturevalue("schema")
        server.execute(declared.format(name="huji.t"))
        server.execute(
            f"insert into huji.t select {VALUES.format(id='g')} from generate_series(1, {ROWS}) g"
        )
        made = make_system(POSTGRESQL, {"t": COLUMNS})
        house.locate(made, server.reader)
        return made
    mariadb: Mariadb = request.getfixturevalue("mariadb")
    mariadb.execute(
        declared.format(name="t"),
        f"insert into t select {VALUES.format(id='seq')} from seq_1_to_{ROWS}",
    )
    made = make_system(MYSQL, {"t": COLUMNS})
    house.locate(made, mariadb.reader)
    return made


def test_a_limited_extraction_is_slow_and_lands_what_an_unlimited_one_lands(
    system: System, house: House
) -> None:
    timed(lambda: house.extract(system))
    expected = house.landed(system, "t")
    whole = house.last(system, "t")

    seconds = timed(lambda: house.extract(limited(system, rows_per_second=ROWS_PER_SECOND)))

    assert seconds >= ROWS / ROWS_PER_SECOND
    again = house.last(system, "t")
    assert len(expected) == ROWS
    assert (again.checksum, again.rows_landed) == (whole.checksum, ROWS)
    assert again.files == whole.files


def test_a_limited_read_sees_one_moment_locks_nobody_out_and_does_not_idle(
    server: Server, schema: str, house: House
) -> None:
    """Every row is changed while it is read: each lands as it was when the read began."""
    server.execute(f"create table {schema}.t (id bigint primary key, name text)")
    server.execute(
        f"insert into {schema}.t select g, repeat('前', 1000) from generate_series(1, 20000) g"
    )
    system = limited(
        make_system(POSTGRESQL, {"t": ["id bigint key", "name varchar"]}), rows_per_second=5_000
    )
    # A server whose readers are thrown out when they idle for half a second in a transaction.
    house.locate(system, server.reader + " options='-c idle_in_transaction_session_timeout=500'")
    seen: list[tuple[str, ...]] = []

    def meanwhile() -> None:
        with psycopg.connect(server.admin, autocommit=True) as connection:
            while not (
                found := connection.execute(
                    "select state, wait_event from pg_stat_activity"
                    " where application_name = 'citybase' and query ilike 'copy%'"
                ).fetchall()
            ):
                time.sleep(0.02)
            time.sleep(1)
            connection.execute("set lock_timeout = 2000")
            connection.execute(f"update {schema}.t set name = '后'")
            connection.execute(f"delete from {schema}.t where id > 19000")
            seen.extend(found)

    other = threading.Thread(target=meanwhile)
    other.start()
    result = house.extract(system)
    other.join()

    assert result.failures == ()
    assert seen
    assert {name for (name,) in house.landed(system, "t", "name")} == {"前" * 1000}
    assert house.last(system, "t").rows_landed == 20_000


def test_a_table_whose_writers_wait_for_its_reader_is_read_at_once(
    mariadb: Mariadb, house: House
) -> None:
    """MyISAM locks a table as long as a result is being sent from it."""
    mariadb.execute(
        "create table t (id bigint primary key, name text) engine = myisam",
        "insert into t select seq, 'x' from seq_1_to_20000",
    )
    system = limited(
        make_system(MYSQL, {"t": ["id bigint key", "name varchar"]}), rows_per_second=100
    )
    house.locate(system, mariadb.reader)

    seconds = timed(lambda: house.extract(system))

    assert house.last(system, "t").rows_landed == 20_000
    assert seconds < 20_000 / 100 / 4, "at the rate asked for it would be 200 s"


def test_idle_time_is_no_credit() -> None:
    waits: list[float] = []
    pace = Pace(100, wait=waits.append)
    pace.take(50)
    time.sleep(0.8)
    pace.take(100)
    assert waits[0] == pytest.approx(0.5, abs=0.05)
    assert waits[1] == pytest.approx(1.0, abs=0.05)


def test_pulls_keep_the_distance_that_the_registry_asks_for(
    server: Server, schema: str, house: House
) -> None:
    server.execute(f"create table {schema}.t (id bigint primary key)")
    system = make_system(POSTGRESQL, {"t": ["id bigint key"]})
    tables = [system.tables[0].model_copy(update={"update_cycle": "real_time"})]
    system = limited(system.model_copy(update={"tables": tables}), seconds_between_pulls=3600)
    house.locate(system, server.reader)
    stop = threading.Event()
    puller = Puller(
        house.settings,
        Registry(systems=(system,)),
        stop=stop,
        on_landed=lambda _system, _tables: None,
        every_seconds=0.1,
    )
    running = threading.Thread(target=puller.run)
    running.start()
    time.sleep(4)
    stop.set()
    running.join()
    assert puller.state.errors == {system.system: None}
    assert house.last(system, "t").batch_id == 1
