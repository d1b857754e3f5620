"""What it costs to find the changes of a table that says neither when a row changed nor that one
went.

`python benchmarks/hashdiff.py --json` lands a table in mode ``hash_diff``, changes one row in two
hundred, deletes and adds one in five hundred each, and lands it again; the second time counts.
``m_rows_per_cpu_s`` is of finding them: all that `modes/hash_diff.py` does until it knows every
change and has written its next state, over a Parquet file that costs little to read.
``whole_m_rows_per_cpu_s`` is of the whole extraction from PostgreSQL, client and server, with
landing what was found. Whether exactly those rows were found is ``exact``. Keep out: what reading a
source costs (`full_load.py`).
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._spent import Spent, counted, in_own_process, server_cpu
from benchmarks.full_load import LOCATION, SCHEMA, SYSTEM, TABLE, fill, server_of
from benchmarks.full_load import system as full_system
from citybase.duck import connect, literal
from citybase.private import make_private
from citybase.settings import Settings
from citybase.store import open_store
from sources.connectors import Reading, Session, Window, open_source
from sources.content import table_content
from sources.contract import System, Table
from sources.extract import extract_system, extract_table
from sources.modes.extraction import extraction
from sources.modes.hash_diff import find_changes
from sources.registry import Registry
from sources.relation import current_rows
from sources.simulator.servers import PostgresServer
from sources.tables import landed_table

ROWS = 2_000_000
GOAL = 2.0
_UPDATED, _OTHER = 200, 500


class FileSession(Session):
    """A source that is a Parquet file of what PostgreSQL once gave: ``location`` is its path."""

    def inspect(self, table: Table) -> None:
        """It was written by `transcribe`."""

    def columns(self, table: Table) -> Mapping[str, str]:
        """Those of the registry: nothing drifts here."""
        return {column.source_name: column.type for column in table.columns}

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,
        work: Path,
        window: Window | None = None,
    ) -> Reading:
        """See ``Session.read``."""
        del table, duck, work, window
        return Reading(sql=f"select * from read_parquet({literal(self.location)})")

    def close(self) -> None:
        """Nothing is open."""


def system() -> System:
    """The registry entry of `full_load.py` in mode ``hash_diff``."""
    found = full_system()
    table = found.tables[0].model_copy(update={"mode": "hash_diff"})
    return found.model_copy(update={"tables": [table]})


def transcribe(location: str, folder: Path, name: str) -> Path:
    """Write what PostgreSQL gives the product into a file."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.parquet"
    entry = system()
    with (
        open_source(entry, {LOCATION: location}) as session,
        connect(extensions=session.extensions, threads=1) as duck,
    ):
        reading = session.read(entry.tables[0], duck=duck, work=folder)
        duck.execute(f"copy ({reading.sql}) to {literal(str(file))} (format parquet)")
    return file


def change(server: PostgresServer, rows: int) -> dict[str, int]:
    """Change the table; how many rows of each kind of change there are."""
    table = f"{SCHEMA}.{TABLE}"
    others = "id_card, name, sex_code, ethnicity_code, birth_date, division_code, address, phone,"
    others += " income, marital_status_code, created_at, updated_at"
    statements = {
        "u": f"update {table} set income = income + 1 where resident_no % {_UPDATED} = 1",
        "d": f"delete from {table} where resident_no % {_OTHER} = 2",
        "c": f"insert into {table} select resident_no + {rows}, {others} from {table} "
        f"where resident_no % {_OTHER} = 3",
    }
    with server.connect() as connection:
        found = {
            kind: connection.execute(sql.encode()).rowcount for kind, sql in statements.items()
        }
        connection.execute(f"vacuum (freeze, analyze) {table}".encode())
    return found


def land_file(home: Path, file: Path) -> int:
    """Extract the table from a file."""
    settings, entry = Settings(home=home), system()
    make_private(settings)
    engine = open_store(settings)
    with FileSession(entry, str(file)) as session:
        extract_table(settings, engine, session, entry.tables[0])
    engine.dispose()
    return 0


def land_server(home: Path, location: str) -> int:
    """Extract the table from PostgreSQL."""
    os.environ[LOCATION] = location
    settings = Settings(home=home)
    make_private(settings)
    result = extract_system(settings, SYSTEM, registry=Registry(systems=(system(),)))
    if result.failures:
        raise RuntimeError(f"{result.failures[0].message} {result.failures[0].remedy}")
    return 0


def find(home: Path, file: Path) -> Spent:
    """Find the changes and leave it at that; ``result`` is how many."""
    settings, entry = Settings(home=home), system()
    engine = open_store(settings)
    with (
        FileSession(entry, str(file)) as session,
        extraction(settings, engine, session, entry.tables[0]) as held,
    ):
        content = table_content(engine, SYSTEM, TABLE)

        def step() -> int:
            found = find_changes(held, content)
            gone = held.duck.execute(f"select count(*) from ({found.gone})").fetchone()
            return found.rows + (int(gone[0]) if gone else 0)

        return counted(step)


def find_in_own_process(home: Path, file: Path) -> Spent:
    """The same, in a process that has done nothing else."""
    return in_own_process(_found, home, file)


def _found(home: Path, file: Path) -> int:
    spent = find(home, file)
    (home / "found.json").write_text(
        json.dumps([spent.cpu_s, spent.seconds, spent.rss_mb, spent.result]), encoding="utf-8"
    )
    return spent.result


def is_exact(home: Path, location: str, expected: dict[str, int]) -> bool:
    """Whether the log holds those changes and no others, and the rows now are the source's."""
    settings, entry = Settings(home=home), system()
    engine = open_store(settings)
    content = table_content(engine, SYSTEM, TABLE)
    engine.dispose()
    table = landed_table(entry, entry.tables[0])
    codes = [f'"{column.code}"' for column in table.columns]
    texts = ", ".join(f"{code}::text as {code}" for code in codes)
    count = f"select count(*), sum(hash(row({', '.join(codes)})))"
    files = ", ".join(
        literal(str(settings.landing / file)) for batch in content.logs for file in batch.files
    )
    with connect(extensions=("postgres_scanner",), threads=1, memory_limit="2GB") as duck:
        duck.execute(f"attach {literal(location)} as source (type postgres, read_only)")
        select = literal(f"select {texts} from {SCHEMA}.{TABLE}")
        theirs = duck.execute(f"{count} from postgres_query('source', {select})").fetchone()
        ours = duck.execute(
            f"{count} from (select {texts} from ({current_rows(settings, table, content)}))"
        ).fetchone()
        kinds = duck.execute(
            f"select _op, count(*) from read_parquet([{files}]) group by all"
        ).fetchall()
    return theirs == ours and dict(kinds) == expected


def measure(server: PostgresServer, home: Path, *, rows: int, turns: int) -> dict[str, Any]:
    """Land, change, find, land."""
    fill(server, rows)
    location = server.location(database="postgres", user="postgres", password=server.password)
    before = transcribe(location, home / "files", "before")
    from_file, from_server = home / "from_file", home / "from_server"
    in_own_process(land_file, from_file, before)
    in_own_process(land_server, from_server, location)
    expected = change(server, rows)
    after = transcribe(location, home / "files", "after")
    looks = []
    for _ in range(turns):
        find_in_own_process(from_file, after)
        looks.append(Spent(*json.loads((from_file / "found.json").read_text(encoding="utf-8"))))
    landing = in_own_process(land_file, from_file, after)
    begun = server_cpu(server.pid)
    whole = in_own_process(land_server, from_server, location)
    served = server_cpu(server.pid) - begun
    exact = all(look.result == sum(expected.values()) for look in looks) and all(
        is_exact(one, location, expected) for one in (from_file, from_server)
    )
    least = min(looks, key=lambda look: look.cpu_s)
    rate = rows / least.cpu_s / 1e6
    return {
        "rows": rows,
        "changes": expected,
        "exact": exact,
        "m_rows_per_cpu_s": round(rate, 2),
        "whole_m_rows_per_cpu_s": round(rows / (whole.cpu_s + served) / 1e6, 2),
        "rss_mb": max(whole.rss_mb, landing.rss_mb),
        "cpu_s": {
            "find": round(least.cpu_s, 2),
            "find_and_land": round(landing.cpu_s, 2),
            "whole": {"client": round(whole.cpu_s, 2), "server": round(served, 2)},
        },
        "goal": GOAL,
        "met": exact and rate >= GOAL,
    }


def main() -> None:
    """Print the figures, and fail when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=3, help="of finding; the least one counts")
    parser.add_argument("--home", type=Path, help="keep everything in this folder, new or empty")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with server_of(options.home) as (server, home):
        found = measure(server, home, rows=options.rows, turns=options.turns)
    if options.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['m_rows_per_cpu_s']} M rows per CPU second looked at (goal ≥ {GOAL}), "
            f"{found['whole_m_rows_per_cpu_s']} M with PostgreSQL and landing, "
            f"exact: {found['exact']}"
        )
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
