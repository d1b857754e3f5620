"""What is asked before a source is captured, and what becomes of it afterwards: each refused with
the SQL that helps.
"""

import threading
import time

import psycopg
import pytest

from sources.highway.errors import (
    CaptureRefusedError,
    PositionLostError,
    StreamInterruptedError,
)
from sources.highway.pg_checks import check_server
from sources.highway.pg_slot import (
    drop_publication,
    drop_slot,
    memberships,
    publish,
    require_slot,
    slot_state,
)
from sources.highway.pg_snapshot import new_slot
from sources.highway.pg_source import PostgresLog
from sources.highway.pg_stream import ReplicationStream
from tests.integration.postgres_log.log_house import PASSWORD, LogServer, current_lsn

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

RESIDENT = ["id bigint key", "name varchar"]
COLUMNS = "id bigint primary key, name text"


def made(log: PostgresLog) -> int:
    """Publication and slot, and where the stream begins."""
    publish(log)
    with new_slot(log) as snapshot:
        return snapshot.lsn


def confirmed(log: PostgresLog) -> int:
    state = slot_state(log)
    assert state is not None
    return state.confirmed_lsn


HARMFUL = {
    "no key": (
        ["create table huji.resident (id bigint, name text)"],
        "no primary key", "replica identity full",
    ),
    "no identity": (
        [f"create table huji.resident ({COLUMNS})",
         "alter table huji.resident replica identity nothing"],
        "no primary key", "replica identity default" ,
    ),
    "deferrable key": (
        ["create table huji.resident (id bigint primary key deferrable, name text)"],
        "no primary key", "replica identity full",
    ),
    "another key": (
        ["create table huji.resident (id bigint, name text primary key)"],
        "says in its log only name", "replica identity",
    ),
    "missing": ([], "does not exist in schema huji", "source:"),
    "a column short": (
        ["create table huji.resident (id bigint primary key)"], "lacks column name", "source:",
    ),
    "computed": (
        ["create table huji.resident (id bigint primary key, "
         "name text generated always as ('x') stored)"],
        "computes column name", "hash_diff",
    ),
    "partitioned": (
        ["create table huji.resident (id bigint primary key, name text) partition by range (id)"],
        "partitioned", "hash_diff",
    ),
    "inherited": (
        [f"create table huji.resident ({COLUMNS})",
         "create table huji.moved () inherits (huji.resident)"],
        "inherits", "hash_diff",
    ),
    "unlogged": (
        [f"create unlogged table huji.resident ({COLUMNS})"], "has no log", "hash_diff",
    ),
    "view": (["create view huji.resident as select 1::bigint as id, '' as name"], "has no log", ""),
    "hidden": (
        [f"create table huji.resident ({COLUMNS})",
         "alter table huji.resident enable row level security",
         "grant select on huji.resident to reader"],
        "row security", "bypassrls",
    ),
    "not readable": (
        [f"create table huji.resident ({COLUMNS})"], "may not be read", "grant select on",
    ),
    "not the owner": (
        [f"create table huji.resident ({COLUMNS})", "grant select on huji.resident to reader"],
        "does not have the publication",
        'create publication "citybase_household_register" for table "huji"."resident";',
    ),
}  # fmt: skip
OWNED = set(HARMFUL) - {"hidden", "not readable", "not the owner"}


@pytest.mark.parametrize("case", HARMFUL)
def test_a_table_is_not_published_when_that_would_harm_or_miss_something(
    server: LogServer, case: str
) -> None:
    statements, problem, remedy = HARMFUL[case]
    server.execute(*statements)
    if case in OWNED and statements:
        server.execute("alter table huji.resident owner to reader")
    log = server.log({"resident": RESIDENT})
    with pytest.raises(CaptureRefusedError) as caught:
        publish(log)
    assert problem in caught.value.message
    assert "household_register" in caught.value.message
    assert remedy in caught.value.remedy
    assert server.value("select count(*) from pg_publication") == 0


def test_what_the_remedy_says_helps(server: LogServer) -> None:
    """The administrator's statement, run as it stands, makes the same call pass."""
    server.execute(
        "create table huji.resident (id bigint, name text)",
        "grant select on huji.resident to reader",
    )
    log = server.log({"resident": RESIDENT})
    with pytest.raises(CaptureRefusedError) as keyless:
        publish(log)
    server.execute(keyless.value.remedy.split("or: ")[1].split(";")[0])
    with pytest.raises(CaptureRefusedError) as unpublished:
        publish(log)
    server.execute(unpublished.value.remedy.removeprefix("Ask for: ").split(";")[0])
    members = publish(log)
    assert set(members) == {"resident"}
    server.execute("update huji.resident set name = ''")
    with pytest.raises(CaptureRefusedError, match="may not drop"):
        drop_publication(log)


def test_the_publication_holds_the_log_tables_and_nothing_else(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    server.create("household", COLUMNS)
    one, both = (
        server.log({"resident": RESIDENT}),
        server.log({"resident": RESIDENT, "household": RESIDENT}),
    )
    first = publish(one)
    assert publish(one) == first
    assert publish(both)["resident"] == first["resident"], "what is added disturbs nobody"
    published = (
        "select string_agg(tablename || coalesce(rowfilter, '') || cardinality(attnames), ',' "
        "order by tablename) from pg_publication_tables"
    )
    for damage in (
        "set table huji.resident where (id > 5)",
        "set table huji.resident (id)",
        "drop table huji.resident",
        "set (publish = 'insert')",
    ):
        server.execute(f"alter publication citybase_household_register {damage}")
        assert ("resident" in memberships(both)) == (damage != "drop table huji.resident")
        members = publish(both)
        assert server.value(published) == "household2,resident2"
    assert members["resident"] != first["resident"], "it may have missed changes in between"
    server.execute(
        "drop publication citybase_household_register",
        "create publication citybase_household_register for all tables",
        "alter publication citybase_household_register owner to postgres",
    )
    with pytest.raises(CaptureRefusedError) as caught:
        publish(one)
    for statement in caught.value.remedy.removeprefix("Ask for: ").split(";")[:2]:
        server.execute(statement)
    assert set(publish(one)) == {"resident"}
    server.execute("alter publication citybase_household_register owner to reader")
    assert drop_publication(one)
    assert not drop_publication(one)


def test_a_server_that_cannot_is_told_apart(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    server.execute("alter role reader noreplication")
    with pytest.raises(CaptureRefusedError) as caught:
        publish(log)
    assert "does not let reader replicate" in caught.value.message
    assert 'alter role "reader" replication' in caught.value.remedy
    with pytest.raises(CaptureRefusedError, match="replicate"):
        log.connect_for_replication()
    wrong = PostgresLog(system=log.system, location=log.location.replace(PASSWORD, "falsch-x"))
    with pytest.raises(CaptureRefusedError) as caught:
        publish(wrong)
    assert "falsch-x" not in str(caught.value)
    away = PostgresLog(system=log.system, location="host=/nowhere user=reader password=geheim")
    with pytest.raises(StreamInterruptedError) as away_caught:
        publish(away)
    assert "geheim" not in str(away_caught.value)


def test_a_database_that_does_not_vouch_for_its_texts_is_refused(server: LogServer) -> None:
    server.execute(
        "drop database if exists plain",
        "create database plain encoding 'SQL_ASCII' locale 'C' template template0",
    )
    log = server.log({"resident": RESIDENT})
    plain = PostgresLog(
        system=log.system, location=log.location.replace("dbname=postgres", "dbname=plain")
    )
    with plain.connect() as connection, pytest.raises(CaptureRefusedError, match="SQL_ASCII"):
        check_server(plain, connection)
    server.execute("drop database plain")


def test_an_unbounded_slot_is_never_made(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    server.execute("alter system set max_slot_wal_keep_size = -1", "select pg_reload_conf()")
    log = server.log({"resident": RESIDENT})
    publish(log)
    with pytest.raises(CaptureRefusedError) as caught, new_slot(log):
        pass
    assert "max_slot_wal_keep_size" in caught.value.message
    assert "alter system set max_slot_wal_keep_size" in caught.value.remedy
    assert slot_state(log) is None


def test_an_old_transaction_is_not_waited_for_without_end(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    publish(log)
    with psycopg.connect(server.admin) as old:
        old.execute("insert into huji.resident values (1, '')")
        with pytest.raises(CaptureRefusedError, match="transaction open"), \
                new_slot(log, patience_seconds=0.5):  # fmt: skip
            pass
    while slot_state(log) is not None:
        time.sleep(0.05)
    with psycopg.connect(server.admin) as slow:
        slow.execute("insert into huji.resident values (2, '')")
        # Longer than our statements wait for a lock: here nobody queues behind us.
        ending = threading.Timer(2.5, slow.commit)
        ending.start()
        assert made(log) > 0
        ending.join()
    with pytest.raises(CaptureRefusedError, match="already has a replication slot"):
        made(log)


def test_a_slot_too_far_behind_is_lost_and_says_so(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    with pytest.raises(PositionLostError, match="any more"):
        require_slot(log)
    start = made(log)
    before = require_slot(log)
    assert (before.wal_status, before.active_pid) == ("reserved", None)
    assert before.left_bytes is not None
    server.execute("insert into huji.resident select i, repeat('x', 100) from "
                   "generate_series(1, 1000) as i")  # fmt: skip
    behind = require_slot(log).behind_bytes
    assert behind > before.behind_bytes + 100_000
    server.execute("alter system set max_slot_wal_keep_size = '1MB'", "select pg_reload_conf()")
    for _ in range(3):
        server.execute("create table huji.filler as select 1", "drop table huji.filler",
                       "select pg_switch_wal()", "checkpoint")  # fmt: skip
    with pytest.raises(PositionLostError) as caught:
        require_slot(log)
    assert "thrown away" in caught.value.message
    assert "new snapshot" in caught.value.remedy
    with pytest.raises(PositionLostError):
        ReplicationStream(log, start_lsn=start)
    assert drop_slot(log)
    assert not drop_slot(log)
    with pytest.raises(PositionLostError):
        ReplicationStream(log, start_lsn=start)


def test_a_second_reader_is_refused_and_a_dying_one_waited_for(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    start = made(log)
    with ReplicationStream(log, start_lsn=start) as first:
        with pytest.raises(CaptureRefusedError, match="another process"):
            ReplicationStream(log, start_lsn=start, patience_seconds=0.3)
        with pytest.raises(CaptureRefusedError, match="in use"):
            drop_slot(log)
        leaving = threading.Timer(0.5, first.close)
        leaving.start()
        ReplicationStream(log, start_lsn=start).close()
        leaving.join()


def test_a_busy_consumer_stays_connected(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    server.execute("alter system set wal_sender_timeout = '1s'", "select pg_reload_conf()")
    log = server.log({"resident": RESIDENT})
    with ReplicationStream(log, start_lsn=made(log), batch_bytes=1 << 16) as stream:
        # More than the socket holds, so that the server stands waiting for us.
        server.execute("insert into huji.resident select i, repeat('x', 100) from "
                       "generate_series(1, 20000) as i")  # fmt: skip
        assert stream.read(timeout_seconds=5) is not None
        time.sleep(3)
        while (batch := stream.read(timeout_seconds=5)) is not None and batch.end_lsn is None:
            pass
        assert batch is not None


def test_only_what_is_acknowledged_is_forgotten_and_others_writing_keeps_nothing(
    server: LogServer,
) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    start = made(log)
    with ReplicationStream(log, start_lsn=start) as stream:
        server.execute("insert into huji.resident values (1, '')")
        batch = stream.read(timeout_seconds=5)
        assert batch is not None
        assert batch.end_lsn is not None
        server.execute("create table huji.other as select * from generate_series(1, 1000)")
        now = current_lsn(server)
        while stream.caught_up_lsn < now:
            stream.read(timeout_seconds=0.1)
        assert confirmed(log) < batch.end_lsn
        stream.acknowledge(batch.end_lsn)
        deadline = time.monotonic() + 10
        while confirmed(log) < now and time.monotonic() < deadline:
            time.sleep(0.05)
        assert confirmed(log) >= now
    with ReplicationStream(log, start_lsn=batch.end_lsn, batch_seconds=0.5) as stream:
        server.execute(
            "insert into huji.resident values (2, '')",
            "create table huji.another as select * from generate_series(1, 1000)",
        )
        now = current_lsn(server)
        # What the server says while the batch is still in hand comes true with the batch.
        batch = stream.read(timeout_seconds=5)
        assert batch is not None
        assert batch.end_lsn is not None
        stream.acknowledge(batch.end_lsn)
        deadline = time.monotonic() + 10
        while stream.caught_up_lsn < now and time.monotonic() < deadline:
            stream.read(timeout_seconds=0.1)
        assert stream.caught_up_lsn >= now
    # The ledger's position is older than the slot's now, and nothing comes again.
    with ReplicationStream(log, start_lsn=batch.end_lsn) as stream:
        assert stream.read(timeout_seconds=0.5) is None


def test_a_server_that_goes_away_interrupts(server: LogServer) -> None:
    server.create("resident", COLUMNS)
    log = server.log({"resident": RESIDENT})
    with ReplicationStream(log, start_lsn=made(log)) as stream:
        server.execute("select pg_terminate_backend(active_pid) from pg_replication_slots")
        with pytest.raises(StreamInterruptedError) as caught:
            stream.read(timeout_seconds=10)
    assert "household_register" in caught.value.message
    assert PASSWORD not in str(caught.value)
