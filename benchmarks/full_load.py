"""What a full load of PostgreSQL costs, beside the least it can cost and beside dlt.

`python benchmarks/full_load.py --json` fills a table of its own in a private server, lands it with
`extract_system` and prints one object. ``ratio_copy`` is CPU of client and server against that of
`psql` sending `COPY … (FORMAT binary)` to nowhere, ``ratio_dlt`` that of dlt against citybase; each
is the least disturbed of some turns, in turn. Importing Python modules is in none of them. The
landed rows are compared with what PostgreSQL itself writes: ``exact``. Keep out: other sources.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._spent import Spent, in_own_process, server_cpu
from citybase.duck import connect, literal, quoted
from citybase.private import PASSABLE, make_private
from citybase.settings import Settings, load_settings, project_root
from citybase.store import open_store
from sources import landing, ledger
from sources.contract import System
from sources.extract import extract_system
from sources.registry import Registry
from sources.simulator.servers import PostgresServer, start_postgresql, stop_postgresql

ROWS = 5_000_000
TICK = 1 / os.sysconf("SC_CLK_TCK")
GOALS = {"ratio_copy": 2.0, "ratio_dlt": 4.0, "rss_mb": 500}
SYSTEM, TABLE, SCHEMA = "household_register", "resident", "huji"
LOCATION = "SOURCE_HOUSEHOLD_REGISTER"
# Registry code → registry type, and how PostgreSQL declares and draws it from the number `i`.
_COLUMNS = {
    "resident_no": ("bigint", "bigint primary key", "i"),
    "id_card": (
        "varchar",
        "varchar(18)",
        "'3713' || lpad((i * 7919 % 97)::text, 2, '0') || to_char(date '1930-01-01'"
        " + (i * 31 % 33000)::int, 'YYYYMMDD') || lpad((i % 1000)::text, 3, '0')"
        " || substr('0123456789X', (i % 11)::int + 1, 1)",
    ),
    "name": (
        "varchar",
        "varchar(50)",
        "substr('王李张刘陈杨孙徐赵高朱马周胡郭宋吴杜韩姜', (i * 13 % 20)::int + 1, 1)"
        " || substr('建国军华平明志强文德福贵荣生庆祥富宝玉金', (i * 17 % 20)::int + 1, 1)"
        " || substr('浩宇轩泽睿博文子涵俊杰嘉豪晨一鸣天佑梓皓', (i / 3 % 20)::int + 1, 1)",
    ),
    "sex_code": ("varchar", "char(1)", "(i % 2 + 1)::text"),
    "ethnicity_code": ("varchar", "char(2)", "lpad((i * i % 56 + 1)::text, 2, '0')"),
    "birth_date": ("date", "date", "date '1930-01-01' + (i * 31 % 33000)::int"),
    "division_code": ("varchar", "varchar(12)", "'3713' || lpad((i * 7 % 99)::text, 8, '0')"),
    "address": (
        "varchar",
        "varchar(200)",
        "'山东省临沂市兰山区柳青街道' || (i % 900) || '号' || (i * 11 % 30) || '号楼'"
        " || (i % 6) || '单元' || (i * 3 % 3000) || '室'",
    ),
    "phone": ("varchar", "varchar(20)", "'139' || lpad((i * 104729 % 100000000)::text, 8, '0')"),
    "income": ("decimal(12,2)", "numeric(12,2)", "(i * 7919 % 100000000) / 100.0"),
    "marital_status_code": ("varchar", "varchar(2)", "case when i % 9 > 0 then i % 4 || '0' end"),
    "created_at": ("timestamp", "timestamp", "timestamp '2001-01-01' + i * interval '77 s'"),
    "updated_at": (
        "timestamp",
        "timestamp",
        "timestamp '2015-01-01' + i * interval '1234567 microseconds'",
    ),
}


def system() -> System:
    """The registry entry of the table."""
    return System.model_validate(
        {
            "system": SYSTEM,
            "name": "户籍管理系统",
            "department": {
                "code": "public_security",
                "name": "临沂市公安局",
                "uscc": "11371300004321004C",
            },
            "level": "city",
            "network_domain": "administrative",
            "owner": {"name": "户政科", "phone": "0539-8170110"},
            "connection": {
                "technology": "postgresql",
                "schema": SCHEMA,
                "location_env": LOCATION,
            },
            "tables": [
                {
                    "table": TABLE,
                    "source": TABLE,
                    "name": "户籍人口",
                    "keys": ["resident_no"],
                    "mode": "full",
                    "update_cycle": "daily",
                    "sharing": {"type": "unconditional"},
                    "openness": "closed",
                    "columns": [
                        {
                            "column": code,
                            "name": "列",
                            "type": kind,
                            "nullable": code != "resident_no",
                            "class": "internal",
                        }
                        for code, (kind, _, _) in _COLUMNS.items()
                    ],
                }
            ],
        }
    )


def fill(server: PostgresServer, rows: int) -> None:
    """Make the table, so settled that no reader pays for its writing."""
    declared = ", ".join(f"{code} {kind}" for code, (_, kind, _) in _COLUMNS.items())
    drawn = ", ".join(value for _, _, value in _COLUMNS.values())
    with server.connect() as connection:
        # Its work would be counted as somebody's.
        for setting in ("autovacuum = off", "max_wal_size = '8GB'"):
            connection.execute(f"alter system set {setting}".encode())
        connection.execute("select pg_reload_conf()")
        connection.execute(f"create schema if not exists {SCHEMA}".encode())
        connection.execute(f"drop table if exists {SCHEMA}.{TABLE}".encode())
        connection.execute(f"create table {SCHEMA}.{TABLE} ({declared})".encode())
        connection.execute(
            f"insert into {SCHEMA}.{TABLE} "
            f"select {drawn} from generate_series(1::bigint, {rows}) as i".encode()
        )
        connection.execute(f"vacuum (freeze, analyze) {SCHEMA}.{TABLE}".encode())
        connection.execute("checkpoint")


def copied(location: str, psql: Path) -> int:
    """Send the table to nowhere; how many rows it has is not known then."""
    found = conninfo_to_dict(location)
    statement = f"copy {SCHEMA}.{TABLE} to stdout (format binary)"
    subprocess.run(  # noqa: S603 - the server's own program
        [
            *(str(psql), "-X", "-q", "-h", str(found["host"]), "-p", str(found["port"])),
            *("-U", str(found["user"]), "-d", str(found["dbname"]), "-c", statement),
        ],
        env={**os.environ, "PGPASSWORD": str(found["password"])},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return 0


def landed(location: str, home: Path) -> int:
    """Land the table in a home that knows nothing of it yet; how many rows landed."""
    os.environ[LOCATION] = location
    settings = Settings(home=home)
    make_private(settings)
    result = extract_system(settings, SYSTEM, registry=Registry(systems=(system(),)))
    if result.failures:
        raise RuntimeError(f"{result.failures[0].message} {result.failures[0].remedy}")
    return result.receipts[0].rows_landed


def is_exact(location: str, home: Path) -> bool:
    """Whether the landed rows say what PostgreSQL itself writes, each of them once."""
    settings = Settings(home=home)
    engine = open_store(settings)
    batch = ledger.last_batch(engine, SYSTEM, TABLE)
    engine.dispose()
    if batch is None:
        return False
    files = ", ".join(literal(str(file)) for file in landing.absolute(settings, batch.files))
    texts = ", ".join(f"{quoted(code)}::text as {quoted(code)}" for code in _COLUMNS)
    codes = ", ".join(quoted(code) for code in _COLUMNS)
    count = f"select count(*), sum(hash(row({codes})))"
    with connect(extensions=("postgres_scanner",), threads=1, memory_limit="1GB") as duck:
        duck.execute(f"attach {literal(location)} as source (type postgres, read_only)")
        select = literal(f"select {texts} from {SCHEMA}.{TABLE}")
        theirs = duck.execute(f"{count} from postgres_query('source', {select})").fetchone()
        ours = duck.execute(
            f"{count} from (select {texts} from read_parquet([{files}]))"
        ).fetchone()
    return theirs == ours


def with_dlt(python: Path, location: str, folder: Path) -> Spent:
    """The same load by dlt, into Parquet files, in its own environment."""
    done = subprocess.run(  # noqa: S603 - a script of this folder
        [str(python), str(Path(__file__).with_name("_dlt_load.py")), str(folder), SCHEMA, TABLE],
        env={**os.environ, "BENCH_LOCATION": location},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return Spent(found["cpu_s"], found["seconds"], found["rss_mb"], found["rows"])


@dataclass(frozen=True)
class Turn:
    """One candidate, once: its client's and the server's CPU seconds."""

    client: Spent
    server_s: float

    @property
    def cpu_s(self) -> float:
        """Both."""
        return self.client.cpu_s + self.server_s


def measure(
    server: PostgresServer, home: Path, *, rows: int, turns: int, dlt: Path | None
) -> dict[str, Any]:
    """Everybody in turn over one table."""
    fill(server, rows)
    location = server.location(database="postgres", user="postgres", password=server.password)
    found: dict[str, list[Turn]] = {"copy": [], "product": [], "dlt": []}
    exact = True
    # Beside the server's own program.
    psql = Path(f"/proc/{server.pid}/exe").resolve().with_name("psql")
    for turn in range(turns):
        begun = server_cpu(server.pid)
        spent = in_own_process(copied, location, psql)
        found["copy"].append(Turn(spent, server_cpu(server.pid) - begun))
        fresh = home / f"installation{turn}"
        open_store(Settings(home=fresh)).dispose()
        begun = server_cpu(server.pid)
        spent = in_own_process(landed, location, fresh)
        found["product"].append(Turn(spent, server_cpu(server.pid) - begun))
        exact = exact and spent.result == rows and (turn > 0 or is_exact(location, fresh))
        shutil.rmtree(fresh)
    if dlt is not None:
        folder = home / "dlt"
        begun = server_cpu(server.pid)
        spent = with_dlt(dlt, location, folder)
        found["dlt"].append(Turn(spent, server_cpu(server.pid) - begun))
        exact = exact and spent.result == rows
        shutil.rmtree(folder)
    least = {name: min(some, key=lambda one: one.cpu_s) for name, some in found.items() if some}
    product = least["product"]
    # So small a table may cost less than what the system counts in.
    ratio_copy = round(product.cpu_s / max(least["copy"].cpu_s, TICK), 2)
    ratio_dlt = round(least["dlt"].cpu_s / product.cpu_s, 2) if dlt else None
    rss_mb = max(turn.client.rss_mb for turn in found["product"])
    return {
        "rows": rows,
        "turns": turns,
        "exact": exact,
        "ratio_copy": ratio_copy,
        "ratio_dlt": ratio_dlt,
        "rss_mb": rss_mb,
        "cpu_s": {
            name: {"client": round(turn.client.cpu_s, 2), "server": round(turn.server_s, 2)}
            for name, turn in least.items()
        },
        "seconds": {name: round(turn.client.seconds, 1) for name, turn in least.items()},
        "goals": GOALS,
        "met": exact
        and ratio_copy <= GOALS["ratio_copy"]
        and rss_mb <= GOALS["rss_mb"]
        and (ratio_dlt is None or ratio_dlt >= GOALS["ratio_dlt"]),
    }


@contextmanager
def server_of(kept: Path | None) -> Iterator[tuple[PostgresServer, Path]]:
    """A private server and its folder, gone afterwards unless it is to be kept."""
    with tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder:
        home = kept.resolve() if kept else Path(folder)
        home.mkdir(parents=True, exist_ok=True)
        # PostgreSQL runs as another user when root starts it.
        home.chmod(PASSABLE)
        data = home / "postgresql"
        try:
            yield start_postgresql(data, home / "password"), home
        finally:
            stop_postgresql(data)


def dlt_python(named: Path | None) -> Path | None:
    """The interpreter that has dlt: the one named, or that of the usual place, if it is there."""
    python = named or load_settings().home / "bench" / "dlt" / "bin" / "python"
    if not python.is_file():
        folder = python.parent.parent
        print(
            f"{python} is not there, so nothing is compared with dlt. To install it: "
            f"python3 -m venv {folder} && {folder}/bin/pip install --require-hashes "
            f"-r {project_root() / 'requirements' / 'bench.lock'}",
            file=sys.stderr,
        )
        return None
    return python


def main() -> None:
    """Print the figures, and fail when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=3, help="of COPY and citybase; dlt has one")
    parser.add_argument("--dlt", type=Path, help="a Python with requirements/bench.lock installed")
    parser.add_argument("--home", type=Path, help="keep the server in this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    dlt = dlt_python(options.dlt)
    with server_of(options.home) as (server, home):
        found = measure(server, home, rows=options.rows, turns=options.turns, dlt=dlt)
    if options.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['rows']:,} rows: {found['ratio_copy']} times COPY (goal ≤ 2.0), dlt takes "
            f"{found['ratio_dlt'] or 'unknown'} times as much (goal ≥ 4), {found['rss_mb']} MB "
            f"(goal ≤ 500), exact: {found['exact']}"
        )
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
