"""What a consumer has from snapshot and stream is what the source has, exactly."""

import random
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest

from sources.highway.pg_slot import publish, slot_state
from sources.highway.pg_snapshot import later_snapshot, new_slot
from sources.highway.pgoutput_message import RelationChange
from tests.integration.postgres_log.log_house import LogServer, Replica, current_lsn
from tests.unit.highway.pgoutput_rows import RowDecoder
from tests.unit.highway.test_pgoutput import by_table, facts

pytestmark = pytest.mark.integration

RESIDENT = ["id bigint key", "name varchar", "note varchar"]
WRITERS = 3


class Writers:
    """Applications that write while we come: inserts, updates, deletes, moved keys, large values,
    roll-backs, several rows and tables at a time.
    """

    def __init__(self, server: LogServer, *tables: str) -> None:
        self._server = server
        self._tables = tables
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(i,)) for i in range(WRITERS)]
        self.transactions = 0

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a repeatable workload
        with psycopg.connect(self._server.admin) as connection:
            while not self._stop.wait(0.002):
                for _ in range(chance.randint(1, 5)):
                    # Each writer has ids of its own, so that none waits for another.
                    statement = _statement(chance, chance.choice(self._tables), seed)
                    try:
                        with connection.transaction():
                            connection.execute(statement.encode())
                    except psycopg.errors.UniqueViolation:
                        pass
                if chance.random() < 0.15:
                    connection.rollback()
                else:
                    connection.commit()
                    self.transactions += 1


def _statement(chance: random.Random, table: str, seed: int) -> str:
    own = f"id % {WRITERS} = {seed}"
    number = chance.randint(0, 400) * WRITERS + seed
    large = (
        f"(select string_agg(md5((i + {chance.randint(0, 9999)})::text), '') from "
        "generate_series(1, 200) as i)"
    )
    return chance.choice(
        [
            f"insert into huji.{table} values ({number}, '新', {large})",
            f"insert into huji.{table} values ({number}, null, '')",
            f"update huji.{table} set name = name || '改' "
            f"where id between {number - 30} and {number} and {own}",
            f"update huji.{table} set name = left(name, 3), note = {large} where id = {number}",
            f"update huji.{table} set id = id + {WRITERS * 401} where id = {number}",
            f"delete from huji.{table} where id = {number}",
        ]
    )


@pytest.mark.timeout(120)
def test_snapshot_and_stream_together_are_the_source_while_it_is_written(
    server: LogServer, tmp_path: Path
) -> None:
    server.create("resident", "id bigint primary key, name text, note text")
    server.create("household", "id bigint primary key, name text, note text")
    server.execute(
        "insert into huji.resident select i, '王', null from generate_series(0, 1199, 2) as i"
    )
    replica = Replica(server.log({"resident": RESIDENT, "household": RESIDENT}), tmp_path)
    _, household = replica.log.tables
    with Writers(server, "resident", "household") as writers:
        replica.start()
        begun = writers.transactions
        with replica.stream(batch_seconds=0.02) as stream:
            while writers.transactions < begun + 150:
                replica.drain(stream, until=current_lsn(server))
            # Killed before it could acknowledge: what the ledger has must not come again.
            replica.drain(stream, until=current_lsn(server), acknowledge=False)
        with replica.stream() as stream:
            # One table alone is taken anew while the stream goes on.
            with later_snapshot(replica.log) as snapshot:
                replica.take(household, snapshot)
            while writers.transactions < begun + 300:
                replica.drain(stream, until=current_lsn(server))
            writers.__exit__()
            replica.drain(stream, until=current_lsn(server))
    assert replica.equals_source()
    assert set(replica.operations["resident"]) == {"c", "u", "d"}
    assert len(set(replica.positions)) == len(replica.positions), "no change comes twice"
    assert len(replica.content["resident"]) > 100


PGBENCH = {
    "pgbench_accounts": ["aid bigint key", "bid bigint", "abalance bigint", "filler varchar"],
    "pgbench_branches": ["bid bigint key", "bbalance bigint", "filler varchar"],
    "pgbench_tellers": ["tid bigint key", "bid bigint", "tbalance bigint", "filler varchar"],
    # Rows that are all alike: without a key of its own nothing tells them apart.
    "pgbench_history": ["entry bigint key", "tid bigint", "delta bigint", "mtime timestamp"],
}


@pytest.mark.timeout(180)
def test_a_workload_that_nobody_here_wrote(server: LogServer, tmp_path: Path) -> None:
    """pgbench, PostgreSQL's own benchmark, begins before we come and ends while we read."""
    pgbench = str(server.programs / "pgbench")
    where = f"{server.admin}&options=-csearch_path%3Dhuji"
    subprocess.run([pgbench, "-i", "-s", "1", "-q", where], check=True, capture_output=True)
    server.execute(
        *(f"alter table huji.{table} owner to reader" for table in PGBENCH),
        "alter table huji.pgbench_history add column entry bigserial primary key",
    )
    replica = Replica(server.log(PGBENCH), tmp_path)
    load = [pgbench, "-c", "4", "-j", "1", "-t", "500", "-n", where]
    with subprocess.Popen(load, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as bench:
        replica.start()
        with replica.stream() as stream:
            while bench.poll() is None:
                replica.drain(stream, until=current_lsn(server))
            assert bench.stdout is not None
            assert b"2000/2000" in bench.stdout.read()
            replica.drain(stream, until=current_lsn(server))
    assert replica.equals_source()
    assert len(replica.content["pgbench_history"]) == 2000
    assert len(set(replica.positions)) == len(replica.positions)
    assert replica.operations["pgbench_accounts"].count("u") > 200


@pytest.mark.timeout(120)
def test_a_snapshot_is_that_of_the_slot_and_outlives_the_servers_patience(
    server: LogServer, tmp_path: Path
) -> None:
    server.create("resident", "id bigint primary key, name text, note text")
    server.execute(
        "insert into huji.resident values (1, '王', '')",
        "alter system set idle_in_transaction_session_timeout = '200ms'",
        "alter system set statement_timeout = '5s'",
        "select pg_reload_conf()",
    )
    replica = Replica(server.log({"resident": RESIDENT}), tmp_path)
    publish(replica.log)
    with new_slot(replica.log) as snapshot:
        server.execute("update huji.resident set name = '李'", "select pg_sleep(0.5)")
        (table,) = replica.log.tables
        assert replica.read(table, snapshot) == {("1",): ("1", "王", "")}
    assert replica.read(table) == {("1",): ("1", "李", "")}


@pytest.mark.timeout(120)
def test_every_kind_of_change_and_of_alteration_is_seen(server: LogServer, tmp_path: Path) -> None:
    server.create("resident", "id bigint primary key, name text, note text")
    server.create("household", "id bigint not null, name text, note text")
    server.create("visit", "id bigint not null, name text not null, note text")
    server.execute(
        "alter table huji.household replica identity full",
        "create unique index visit_identity on huji.visit (id, name)",
        "alter table huji.visit replica identity using index visit_identity",
        "create table huji.unpublished (id bigint)",
    )
    replica = Replica(
        server.log({"resident": RESIDENT, "household": RESIDENT, "visit": RESIDENT}), tmp_path
    )
    replica.start()
    large = "(select string_agg(md5(i::text), '') from generate_series(1, 500) as i)"
    server.transaction(
        f"insert into huji.resident values (1, '王', {large}), (2, null, ''), (3, '', null)",
        f"insert into huji.household values (1, '王', {large}), (2, '李', '')",
        f"insert into huji.visit values (1, '王', {large}), (2, '李', '')",
        "insert into huji.unpublished values (1)",
    )
    server.transaction(
        # Large values that do not change, under the same key and under another.
        "update huji.resident set name = '赵' where id = 1",
        "update huji.resident set id = 11 where id = 1",
        "update huji.household set name = '赵' where id = 1",
        "update huji.household set id = 11 where id = 1",
        "update huji.visit set note = note || '.' where id = 2",
        # A change of the identity that is no change of the key.
        "update huji.visit set name = '钱' where id = 1",
        "update huji.visit set id = 12 where id = 1",
        "delete from huji.resident where id = 2",
        "delete from huji.household where id = 2",
        "delete from huji.visit where id = 2",
    )
    server.transaction(
        "alter table huji.resident add column phone text",
        "insert into huji.resident values (4, '孙', 'x', '139')",
        "alter table huji.resident rename column phone to mobile",
        "insert into huji.resident values (5, '孙', 'x', '139')",
        "alter table huji.resident alter column mobile type bigint using mobile::bigint",
        "insert into huji.resident values (6, '孙', 'x', 139)",
        "alter table huji.resident drop column mobile",
        "insert into huji.resident values (7, '孙', 'x')",
    )
    server.transaction(
        "savepoint a", "insert into huji.visit values (90, '', '')", "rollback to a",
        "insert into huji.visit values (91, '', '')",
        "truncate huji.household, huji.visit",
        "insert into huji.visit values (91, '', '')",
    )  # fmt: skip
    with replica.stream(batch_seconds=0.2) as stream:
        batch = stream.read(timeout_seconds=5)
        assert batch is not None
        messages = [batch.block.message(i) for i in range(len(batch.block))]
        plain = RowDecoder(keys=replica.log.keys).decode(messages)
        replica.apply(batch)
    again = type(replica.decoder)(keys=replica.log.keys).decode(batch.block)
    assert by_table(facts(again.events)) == by_table(plain)
    assert replica.equals_source()
    assert replica.operations == {
        "resident": list("cccududcccc"),
        "household": list("ccududt"),
        "visit": list("ccuududctc"),
    }
    altered = [
        (event.added, event.dropped, event.retyped)
        for event in again.events
        if isinstance(event, RelationChange) and event.before is not None
    ]
    assert altered == [
        (("phone",), (), ()),
        (("mobile",), ("phone",), ()),
        ((), (), ("mobile",)),
        ((), ("mobile",), ()),
    ]


@pytest.mark.timeout(120)
def test_a_transaction_larger_than_a_batch_comes_in_parts(
    server: LogServer, tmp_path: Path
) -> None:
    server.create("resident", "id bigint primary key, name text, note text")
    replica = Replica(server.log({"resident": RESIDENT}), tmp_path)
    replica.start()
    server.execute("insert into huji.resident values (-1, '王', '')")
    server.execute(
        "insert into huji.resident select i, '王' || i, repeat('x', 40) "
        "from generate_series(1, 20000) as i",
        "insert into huji.resident values (-2, '王', '')",
    )
    limit = 1 << 17
    parts, start = [], replica.position
    with replica.stream(batch_bytes=limit) as stream:
        while stream.caught_up_lsn < current_lsn(server):
            batch = stream.read(timeout_seconds=0.2)
            if batch is None:
                continue
            replica.apply(batch)
            parts.append(batch.end_lsn)
            assert len(batch.block.content) < limit + 4096
            if batch.end_lsn is None and parts.count(None) == 3:
                # Nothing of a transaction is safe before its end.
                stream.acknowledge(start)
                state = slot_state(replica.log)
                assert state is not None
                assert state.confirmed_lsn <= replica.position
    assert parts.count(None) > 10
    assert replica.equals_source()
    # All of it again, cut elsewhere: the same changes at the same places.
    first, replica.positions, replica.position = replica.positions, [], start
    replica.content["resident"].clear()
    with replica.stream(batch_bytes=limit * 3) as stream:
        replica.drain(stream, until=current_lsn(server))
    assert replica.positions == first
    assert replica.equals_source()


TYPES = {
    "whole": ("bigint", "bigint", ["9223372036854775807", "-1"]),
    "yes": ("boolean", "boolean", ["true", "false"]),
    "yes_text": ("varchar", "boolean", ["true", "false"]),
    "real": ("double", "float8", ["0.1", "'NaN'", "'-Infinity'", "1e300", "100"]),
    "real_text": ("varchar", "float8", ["0.1", "1"]),
    "real4_text": ("varchar", "float4", ["0.1", "1e-7"]),
    "exact": ("varchar", "numeric", ["repeat('1234567890', 5)::numeric", "'NaN'"]),
    "money": ("decimal(12,2)", "numeric(12,2)", ["1234567890.10", "-0.01"]),
    "day": ("varchar", "date", ["'infinity'", "'0044-03-15 BC'", "'2024-02-29'"]),
    "moment": ("varchar", "timestamp", ["'2024-02-29 23:59:59.999999'", "'-infinity'"]),
    "instant": (
        "varchar",
        "timestamptz",
        ["'2024-02-29 23:59:59.5+00'", "'1890-01-01 00:00:00+00'", "'1988-07-01 00:00:00+00'",
         "'0044-03-15 00:00:00+00 BC'", "'infinity'"],
    ),
    "padded": ("varchar", "char(10)", ["'ab'", "''", "'汉字'"]),
    "word": (
        "varchar", "text",
        ["'汉字𠮷😀'", "''", "E'\\\\N'", "E'a\\tb\\n'", "repeat('汉', 30000)"],
    ),
    "bits": ("varchar", "bit(4)", ["B'1010'"]),
    "bytes": ("varchar", "bytea", ["'\\x00ff'"]),
    "list": ("varchar", "text[]", ["array['a,b', null, '\"']"]),
    "tree": ("varchar", "jsonb", ["'{\"a\": [1, null]}'"]),
    "mood": ("varchar", "huji.mood", ["'sad'"]),
    "span": ("varchar", "interval", ["'1 year 2 days 03:04:05.6'"]),
    "address": ("varchar", "inet", ["'10.0.0.1/8'"]),
}  # fmt: skip


@pytest.mark.timeout(120)
def test_a_value_from_the_stream_is_the_value_from_a_snapshot(
    server: LogServer, tmp_path: Path
) -> None:
    server.execute("create type huji.mood as enum ('sad', 'happy')")
    columns = ", ".join(f"{name} {kind}" for name, (_, kind, _) in TYPES.items())
    server.create("thing", f"id bigint primary key, {columns}")
    declared = ["id bigint key", *(f"{name} {kind}" for name, (kind, _, _) in TYPES.items())]
    replica = Replica(server.log({"thing": declared}), tmp_path)
    replica.start()
    for number in range(5):
        row = [values[number % len(values)] for _, _, values in TYPES.values()]
        server.execute(f"insert into huji.thing values ({number}, {', '.join(row)})")
    server.execute("insert into huji.thing (id) values (9)")
    with replica.stream() as stream:
        replica.drain(stream, until=current_lsn(server))
    (table,) = replica.log.tables
    assert replica.content["thing"] == replica.read(table)
    assert len(replica.content["thing"]) == 6
