"""SIGKILL at random moments: is anything lost, doubled or torn?

`python benchmarks/kill.py --json` lets a program write three tables of a private PostgreSQL without
a pause: one is captured by its log, one read by its cursor, one compared by hashes. Highway,
extraction, compaction and bind work on them, and a publication on a small warehouse beside them, in
processes that are killed, in turn, at random moments. After each kill every file that the ledger
lists has to be whole, what is bound readable, and what is published of one moment (``torn``); in
the end every row of the source has to be there and be published (``lost``), history has to hold
each change of the log once and no change that is none (``doubled``). Keep out: lag and speed
(``highway.py``).
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._log_source import LogSource, log_source
from citybase.duck import connect
from citybase.serving.audience import AUDIENCES
from citybase.store import open_store
from sources import landing
from sources.content import Content, table_content
from sources.contract import System
from sources.relation import all_changes, current_rows
from sources.segment import count_rows
from sources.tables import landed_table
from tests.integration.serving import publish_forever
from tests.integration.serving.marked_house import build_marked_house, current_mark, torn_audiences
from tests.integration.serving.serving_house import House

KILLS = 100
VICTIMS = ("highway", "extraction", "compaction", "bind", "publication")
_LONGEST = {
    "highway": 3.0,
    "extraction": 2.0,
    "compaction": 1.5,
    "bind": 1.5,
    "publication": 1.5,
}
_LOGGED, _POLLED = "household_register", "household_polled"

_VICTIM = """
import signal, sys, time
from pathlib import Path
from citybase.settings import Settings
from citybase.store import open_store
from sources.compaction import compact
from sources.contract import System
from sources.extract import extract_system
from sources.highway.service import Highway
from sources.raw import bind
from sources.registry import Registry
from sources.tables import landed_table

settings = Settings(home=Path(sys.argv[2]))
registry = Registry(systems=tuple(System.model_validate_json(text) for text in sys.argv[3:]))
print("begins", flush=True)
match sys.argv[1]:
    case "highway":
        highway = Highway(settings, registry)
        with highway.started():
            highway.wait(600)
    case "extraction":
        while True:
            result = extract_system(settings, registry.systems[1].system, registry=registry)
            assert not result.failures, result.failures
    case "once":
        for system in registry.systems:
            result = extract_system(settings, system.system, registry=registry)
            assert not result.failures, result.failures
    case "bind":
        while True:
            bind(settings, registry=registry, wait_seconds=5)
    case "compaction":
        engine = open_store(settings)
        while True:
            for system, table in registry.tables():
                compact(settings, engine, landed_table(system, table), at_once=True)
"""
_WRITER = """
import random, sys, time
from pathlib import Path
import psycopg

dice, counts = random.Random(1), {}
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    while not Path(sys.argv[2]).exists():
        with connection.transaction():
            for _ in range(dice.randint(1, 20)):
                key = dice.randint(1, 400)
                counts[key] = counts.get(key, 0) + 1
                is_gone = dice.random() < 0.1
                for table in ("resident", "resident_c", "resident_h"):
                    if is_gone:
                        connection.execute(f"delete from huji.{table} where id = %s", (key,))
                    connection.execute(
                        f"insert into huji.{table} values (%s, '', '', '371302', '1990-01-01', %s,"
                        " clock_timestamp()) on conflict (id) do update"
                        " set amount = excluded.amount, updated_at = excluded.updated_at",
                        (key, counts[key]),
                    )
        time.sleep(dice.uniform(0, 0.02))
"""


def main() -> None:
    """Kill, count, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder,
        log_source(Path(folder)) as source,
    ):
        found = measure(source, kills=options.kills, seed=options.seed)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:10} {value}")
    raise SystemExit(0 if not (found["lost"] or found["doubled"] or found["torn"]) else 1)


def measure(source: LogSource, *, kills: int, seed: int) -> dict[str, Any]:
    """Everything, as one object."""
    dice = random.Random(seed)  # noqa: S311 - moments, not secrets
    for table in ("resident_c", "resident_h"):
        source.execute(f"create table huji.{table} (like huji.resident including all)")
    house = build_marked_house(source.settings.home.parent / "published")
    systems = (source.system, _polled(source.system))
    environment = {
        **os.environ,
        **{system.connection.location_env: source.admin for system in systems},
    }
    torn, killed = 0, Counter[str]()
    with _writing(source):
        for number in range(kills):
            victim = VICTIMS[number % len(VICTIMS)]
            process = (
                _publishing(house, 1000 * (number + 1))
                if victim == "publication"
                else _start(source, systems, victim, environment)
            )
            _kill(process, victim, dice.uniform(0, _LONGEST[victim]))
            killed[victim] += 1
            torn += _torn(source, systems) + len(torn_audiences(house))
    _drain(source, systems, environment)
    lost, doubled = _compare(source, systems)
    lost += _unpublished(house)
    return {"kills": kills, "lost": lost, "doubled": doubled, "torn": torn, "by_victim": killed}


def _polled(system: System) -> System:
    """The same source read without its log."""
    table = system.tables[0]
    return system.model_copy(
        update={
            "system": _POLLED,
            "connection": system.connection.model_copy(
                update={"location_env": "SOURCE_HOUSEHOLD_POLLED"}
            ),
            "tables": [
                table.model_copy(
                    update={
                        "table": "by_cursor",
                        "source": "resident_c",
                        "mode": "cursor",
                        "cursor": "updated_at",
                        "reconcile_hours": 0,
                    }
                ),
                table.model_copy(
                    update={"table": "by_hash", "source": "resident_h", "mode": "hash_diff"}
                ),
            ],
        }
    )


@contextmanager
def _writing(source: LogSource) -> Iterator[None]:
    stop = source.settings.home / "stop_writing"
    process = subprocess.Popen([sys.executable, "-c", _WRITER, source.admin, str(stop)])  # noqa: S603
    try:
        yield
    finally:
        stop.touch()
        if process.wait(60) != 0:
            raise SystemExit("the writer broke")


def _start(
    source: LogSource, systems: tuple[System, ...], victim: str, environment: dict[str, str]
) -> "subprocess.Popen[bytes]":
    texts = [system.model_dump_json(by_alias=True) for system in systems]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _VICTIM, victim, str(source.settings.home), *texts],
        env=environment,
        stdout=subprocess.PIPE,
    )
    if process.stdout is None or process.stdout.readline() != b"begins\n":
        raise SystemExit(f"{victim} did not begin")
    return process


def _publishing(house: House, first_mark: int) -> "subprocess.Popen[bytes]":
    """One publication after the other, each of another mark in every library."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, publish_forever.__file__, str(house.settings.home), str(first_mark)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        stdout=subprocess.PIPE,
    )
    if process.stdout is None or not process.stdout.readline():
        raise SystemExit("the publication did not begin")
    return process


def _unpublished(house: House) -> int:
    """One for each audience that an undisturbed publication does not bring to the warehouse's
    mark.
    """
    house.publish()
    with connect(house.settings.warehouse, read_only=True) as duck:
        expected = duck.execute(f"select min(mark) from {publish_forever.MARKED[0]}").fetchone()
    return sum((current_mark(house, audience.name),) != expected for audience in AUDIENCES)


def _kill(process: "subprocess.Popen[bytes]", victim: str, seconds: float) -> None:
    time.sleep(seconds)
    if process.poll() is not None:
        raise SystemExit(f"{victim} ended by itself with {process.returncode}")
    process.send_signal(signal.SIGKILL)
    process.wait()


def _contents(source: LogSource, systems: tuple[System, ...]) -> Iterator[tuple[Any, Content]]:
    engine = open_store(source.settings)
    for system in systems:
        for table in system.tables:
            landed = landed_table(system, table)
            yield landed, table_content(engine, system.system, table.table)
    engine.dispose()


def _torn(source: LogSource, systems: tuple[System, ...]) -> int:
    """Batches whose files are not what the ledger says, and bound views that cannot be read."""
    torn = 0
    with connect() as duck:
        for _, content in _contents(source, systems):
            for one in (*content.batches, *content.earlier):
                files = landing.absolute(source.settings, one.files)
                whole = all(file.exists() for file in files)
                torn += not whole or count_rows(files, duck=duck) != one.rows_landed
    if source.settings.warehouse.exists():
        with connect(source.settings.warehouse, read_only=True) as duck:
            views = duck.execute(
                "select schema_name, view_name from duckdb_views() where schema_name like 'raw%'"
            ).fetchall()
            for schema, view in views:
                duck.execute(f"select sum(hash(t)) from {schema}.{view} as t").fetchall()
    return torn


def _drain(source: LogSource, systems: tuple[System, ...], environment: dict[str, str]) -> None:
    """One undisturbed extraction of everything."""
    if _start(source, systems, "once", environment).wait() != 0:
        raise SystemExit("the last extraction failed")


def _compare(source: LogSource, systems: tuple[System, ...]) -> tuple[int, int]:
    """Rows that are missing or otherwise, and changes that are in history twice or are none."""
    lost = doubled = 0
    owners = [system for system in systems for _ in system.tables]
    for owner, (landed, content) in zip(owners, _contents(source, systems), strict=True):
        name = owner.table(landed.table_code).source_name
        there = set(source.rows(f"select id, amount from huji.{name}"))
        with connect() as duck:
            rows = duck.execute(
                f"select id, amount from ({current_rows(source.settings, landed, content)})"
            ).fetchall()
            changes = duck.execute(
                f"select _op, id, amount from ({all_changes(source.settings, landed, content)})"
                " order by _batch_id, _position"
            ).fetchall()
        lost += len(there - set(rows)) + len(set(rows) - there)
        doubled += len(rows) - len(set(rows))
        missing, more = _history(changes, is_complete=owner.system == _LOGGED)
        lost, doubled = lost + missing, doubled + more
    return lost, doubled


def _history(changes: list[tuple[str, int, Any]], *, is_complete: bool) -> tuple[int, int]:
    """Changes missing and changes too many: each row's amount counts its changes."""
    missing = more = 0
    seen: dict[int, int] = {}
    for op, key, amount in changes:
        if op == "d":
            continue
        step = int(amount) - seen.get(key, 0)
        if op != "r":
            more += step <= 0
            missing += max(step - 1, 0) if is_complete and key in seen else 0
        seen[key] = int(amount)
    return missing, more


if __name__ == "__main__":
    main()
