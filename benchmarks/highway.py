"""How soon a change is landed, how fast a backlog is, and whether everything arrives.

`python benchmarks/highway.py --json` starts a private PostgreSQL and the highway's own service in a
process of its own. ``--rate`` changes a second are committed for ``--seconds``; a row's lag is from
its commit at the source to the commit of the ledger. Then ``--backlog`` changes are committed while
no highway runs, and the next one catches up. ``equal``: current rows are the source's, both ways.
A private MariaDB then has the same backlog (null where it is not installed). Keep out: what
survives a kill (``kill.py``).
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._log_source import LogSource, log_source, serve
from citybase.duck import connect
from citybase.store import open_store
from sources.content import table_content
from sources.relation import all_changes, current_rows
from sources.simulator.servers_mariadb import mariadb_is_installed
from sources.tables import landed_table

GOALS = {
    "p50_s": 0.4,
    "p95_s": 1.0,
    "catchup_changes_per_s": 20_000,
    "catchup_mysql_per_s": 5_000,
}
_PER_TRANSACTION = 10
_PATIENCE = 120.0


@dataclass(frozen=True)
class Lag:
    """Of the rows landed after the snapshot, in seconds."""

    p50_s: float
    p95_s: float
    p99_s: float
    rows: int


@dataclass(frozen=True)
class CatchUp:
    """How many changes a highway caught up with, per second and CPU-second of its process."""

    changes: int
    per_s: int
    per_cpu_s: int


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="changes a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--backlog", type=int, default=400_000, help="changes to catch up with")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder,
        log_source(Path(folder)) as source,
    ):
        found = measure(source, rate=options.rate, seconds=options.seconds, backlog=options.backlog)
    found |= measure_mysql(backlog=options.backlog)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:28} {value}")
    raise SystemExit(0 if found["equal"] and found["equal_mysql"] is not False else 1)


def measure(source: LogSource, *, rate: int, seconds: float, backlog: int) -> dict[str, Any]:
    """Everything, as one object."""
    with serve(source) as service:
        sent, behind_s = _send(source, rate=rate, seconds=seconds)
        _wait_for(source, sent)
        service_cpu = service.cpu_s()
    lag = _lag(source)
    equal = _equal(source)
    caught_up = _catch_up(source, backlog)
    return {
        "changes": sent,
        "rate": rate,
        "seconds": seconds,
        "sender_behind_s": round(behind_s, 3),
        "p50_s": lag.p50_s,
        "p95_s": lag.p95_s,
        "p99_s": lag.p99_s,
        "cpu_s_per_1000_changes": round(service_cpu / max(sent / 1000, 1), 3),
        "catchup_changes": caught_up.changes,
        "catchup_changes_per_s": caught_up.per_s,
        "catchup_changes_per_cpu_s": caught_up.per_cpu_s,
        "equal": equal and _equal(source),
        "goals": GOALS,
    }


def measure_mysql(*, backlog: int) -> dict[str, Any]:
    """How fast a backlog of a MariaDB is, and whether it arrives; null where there is none."""
    names = ("catchup_mysql_per_s", "catchup_mysql_per_cpu_s", "equal_mysql")
    if not mariadb_is_installed():
        return dict.fromkeys(names)
    with (
        tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder,
        log_source(Path(folder), "mysql") as source,
    ):
        with serve(source):
            pass  # its snapshot lands, and its place in the log
        found = _catch_up(source, backlog)
        return dict(zip(names, (found.per_s, found.per_cpu_s, _equal(source)), strict=True))


def _catch_up(source: LogSource, backlog: int) -> CatchUp:
    """Commit changes while no highway runs, and let the next one land them."""
    before = len(_history(source))
    made = _backlog(source, backlog)
    started = time.monotonic()
    with serve(source) as service:
        _wait_for(source, before + made)
        seconds = time.monotonic() - started
        return CatchUp(made, round(made / seconds), round(made / service.cpu_s()))


def _send(source: LogSource, *, rate: int, seconds: float) -> tuple[int, float]:
    """Commit changes at a steady rate; returns how many, and how late the last was."""
    every = _PER_TRANSACTION / rate
    count = int(seconds / every)
    begun = time.monotonic()
    with psycopg.connect(source.admin, autocommit=True) as connection:
        for number in range(count):
            pause = begun + number * every - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            connection.execute(_CHANGES, {"n": number, "k": _PER_TRANSACTION})
    return count * _PER_TRANSACTION, max(time.monotonic() - begun - count * every, 0.0)


# One statement, one transaction: new rows at first, more and more changes of rows that are there.
_CHANGES = b"""
    insert into huji.resident
    select (%(n)s::bigint * 7919 + i * 31) %% 20000, '371302199001011234', 'name', '371302',
        date '1990-01-01', 1, now()
    from generate_series(1, %(k)s) as i
    on conflict (id) do update set amount = resident.amount + 1
"""


def _backlog(source: LogSource, count: int) -> int:
    """Half new rows, half changes of them, in transactions of a thousand."""
    made = 0
    insert = _INSERT[source.system.connection.technology]
    with closing(source.connect()) as connection, connection.cursor() as cursor:
        first = 10_000_000
        while made < count:
            for statement in (insert, _UPDATE):
                cursor.execute(statement.format(first=first, last=first + 999))
            first += 1000
            made += 2000
    return made


_NEW_ROW = "'371302199001011234', 'name', '371302', date '1990-01-01', 1, now()"
_INSERT = {
    "postgresql": "insert into huji.resident select i, "
    + _NEW_ROW
    + " from generate_series({first}::bigint, {last}::bigint) as i",
    "mysql": "insert into huji.resident select seq, " + _NEW_ROW + " from seq_{first}_to_{last}",
}
_UPDATE = "update huji.resident set amount = 2 where id between {first} and {last}"


def _wait_for(source: LogSource, changes: int) -> None:
    """Until so many changes have landed in all."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if source.landed() >= changes:
            return
        time.sleep(0.02)
    raise SystemExit(f"only {source.landed()} of {changes} changes landed in {_PATIENCE:.0f} s")


def _history(source: LogSource) -> list[tuple[Any, ...]]:
    return _read(source, all_changes, "select id from ({}) where _op <> 'r'")


def _lag(source: LogSource) -> Lag:
    engine = open_store(source.settings)
    content = table_content(engine, source.system.system, "resident")
    engine.dispose()
    committed = source.committed()
    with connect() as duck:
        duck.execute("create table batch (batch_id bigint, committed_at timestamp)")
        duck.executemany("insert into batch values (?, ?)", committed)
        query = all_changes(
            source.settings, landed_table(source.system, source.system.tables[0]), content
        )
        row = duck.execute(
            f"""
            select quantile_cont(lag, 0.5), quantile_cont(lag, 0.95), quantile_cont(lag, 0.99),
                count(*)
            from (
                select epoch(batch.committed_at) - epoch(change._committed_at) as lag
                from ({query}) as change
                inner join batch on batch.batch_id = change._batch_id
                where change._op <> 'r'
            )
            """
        ).fetchone()
    if row is None:
        raise AssertionError("an aggregate yields one row")
    return Lag(*(round(float(value), 3) for value in row[:3]), rows=int(row[3]))


def _read(source: LogSource, relation: Any, query: str) -> list[tuple[Any, ...]]:
    engine = open_store(source.settings)
    content = table_content(engine, source.system.system, "resident")
    engine.dispose()
    rows = relation(source.settings, landed_table(source.system, source.system.tables[0]), content)
    with connect() as duck:
        return duck.execute(query.format(rows)).fetchall()


def _equal(source: LogSource) -> bool:
    """Whether the rows landed and the rows of the source are the same, both ways."""
    here = _read(source, current_rows, "select id, id_card, name, county, born, amount from ({})")
    there = source.rows("select id, id_card, name, county, born, amount from huji.resident")
    return set(here) == set(there) and len(here) == len(there)


if __name__ == "__main__":
    main()
