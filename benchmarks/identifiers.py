"""How many identity numbers one CPU second grades: the dbt macros in DuckDB, and the polars twin.

`python benchmarks/identifiers.py --json` prints one object. `million_per_cpu_second` counts CPU
time of the least disturbed repetition, so that other load on the machine moves it little. Add a
measurement when a number kind gets a goal. Keep out: correctness (tests).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"

import duckdb
import polars as pl

from citybase.identifiers import checksum, licence, organisation, resident
from citybase.identifiers.reference import load_reference
from citybase.identifiers.text import normalise
from citybase.settings import project_root

sys.path.insert(0, str(project_root()))

from tests.unit.identifiers import generator
from tests.unit.identifiers.conftest import EXPRESSIONS
from tests.unit.models.scratch import render

AS_OF = date(2026, 11, 22)
GOALS = {
    "sql_resident_check": 3.5,
    "sql_resident_complete": 1.2,
    "sql_uscc_check": 1.3,
    "polars_resident_check": 3.5,
    "polars_resident_complete": 1.2,
}


def least_seconds(work: Callable[[], object], repetitions: int) -> float:
    """CPU seconds of one call, the least disturbed of some; a first call warms up."""
    work()
    spent = []
    for _ in range(repetitions):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def warehouse(rows: int, sql: dict[str, str]) -> duckdb.DuckDBPyConnection:
    """One thread, and for each kind a table of raw numbers, about 99 in 100 cleanly written."""
    connection = duckdb.connect()
    connection.execute("set threads = 1")
    seeds = project_root() / "dbt_project" / "seeds" / "code"
    for name, key in (
        ("code_division_national", "division_code"),
        ("code_uscc_category", "category_code"),
    ):
        connection.execute(
            f"create table {name} as select * from"
            f" read_csv('{seeds / name}.csv', types = {{'{key}': 'varchar'}})"
        )
    connection.execute(f"create table division as {sql['divisions']}")
    for kind in ("resident", "uscc", "organisation", "registration", "licence"):
        query = getattr(generator, kind)(rows)
        connection.execute(f"create table drawn as {query}")
        connection.execute(f"create table graded as select *, {sql['normalise']} as n from drawn")
        # A source writes nearly all its numbers cleanly: three in a hundred of the others stay.
        connection.execute(
            f"create table {kind} as select raw from graded"
            " where regexp_full_match(raw, '[0-9A-Z.]+') or hash(i) % 100 < 3"
        )
        connection.execute("drop table drawn; drop table graded")
    connection.execute(
        f"create table clean_resident as select number, {sql['n17']} as n17"
        " from (select raw as number from resident) where n17 is not null"
    )
    connection.execute(
        "create table clean_uscc as select raw as number from uscc"
        " where regexp_full_match(raw, '[0-9A-Z]{18}')"
    )
    return connection


def measure(rows: int, repetitions: int) -> dict[str, dict[str, float]]:
    """Every measurement: name → rows, CPU seconds, million rows per CPU second, perhaps a goal."""
    with tempfile.TemporaryDirectory() as folder:
        sql = render(Path(folder), EXPRESSIONS)
    connection = warehouse(rows, sql)
    reference = load_reference(AS_OF)

    def frame(table: str) -> pl.DataFrame:
        return connection.execute(f"select * from {table}").pl()

    def run(query: str) -> Callable[[], object]:
        return lambda: connection.execute(query).fetchall()

    def graded(kind: str) -> Callable[[], object]:
        return run(
            f"select max({sql[kind]}) from (select {sql['normalise']} as number from {kind})"
        )

    clean = frame("clean_resident")
    clean_uscc = frame("clean_uscc").height
    raw = {kind: frame(kind) for kind in ("resident", "uscc", "organisation", "licence")}
    raw["registration"] = frame("registration")

    def twin(kind: str, grade: Callable[[pl.Series], pl.DataFrame]) -> Callable[[], object]:
        return lambda: grade(raw[kind].select(number=normalise(pl.col("raw"))).to_series())

    work: dict[str, tuple[int, Callable[[], object]]] = {
        "sql_resident_check": (
            clean.height,
            run(f"select sum({sql['remainder']}) from clean_resident"),
        ),
        "sql_resident_complete": (
            raw["resident"].height,
            run(
                f"""
                with normalised as (select {sql["normalise"]} as number from resident),
                anchored as (select *, {sql["n17"]} as n17 from normalised),
                located as (select *, {sql["area"]} as area from anchored)
                select max(grade), max(n17) from (
                    select {sql["resident"]} as grade, n17
                    from located left join division on division.area_code = located.area)
                """
            ),
        ),
        "sql_uscc_check": (
            clean_uscc,
            run(f"select count(*) from clean_uscc where {sql['uscc_check']}"),
        ),
        "sql_uscc_complete": (
            raw["uscc"].height,
            run(
                f"select max({sql['uscc_bare']})"
                f" from (select {sql['normalise']} as number from uscc)"
            ),
        ),
        "polars_resident_check": (
            clean.height,
            lambda: clean.select(checksum.resident_remainder(pl.col("n17")).sum()),
        ),
        "polars_resident_complete": (
            raw["resident"].height,
            twin("resident", lambda n: resident.grade(n, as_of=AS_OF, reference=reference)),
        ),
        "polars_uscc_complete": (
            raw["uscc"].height,
            twin("uscc", lambda n: organisation.grade_uscc(n, reference=None)),
        ),
        "polars_organisation": (
            raw["organisation"].height,
            twin("organisation", organisation.grade_organisation),
        ),
        "polars_registration": (
            raw["registration"].height,
            twin("registration", organisation.grade_registration),
        ),
        "polars_licence": (raw["licence"].height, twin("licence", licence.grade)),
    }
    for kind in ("organisation", "registration", "licence"):
        work[f"sql_{kind}"] = (raw[kind].height, graded(kind))

    results = {}
    for name, (height, call) in work.items():
        seconds = least_seconds(call, repetitions)
        results[name] = {
            "rows": height,
            "cpu_seconds": round(seconds, 4),
            "million_per_cpu_second": round(height / seconds / 1e6, 2),
        }
        if name in GOALS:
            results[name]["goal"] = GOALS[name]
    return results


def main() -> None:
    """Measure, print, and fail when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    results = measure(options.rows, options.repetitions)
    missed = [n for n, r in results.items() if r["million_per_cpu_second"] < r.get("goal", 0)]
    if options.json:
        print(json.dumps({"results": results, "missed": missed}, indent=2))
    else:
        for name, result in results.items():
            goal = f"  goal {result['goal']}" if "goal" in result else ""
            print(f"{name:28s} {result['million_per_cpu_second']:7.2f} M/cpu-s{goal}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
