"""How short compaction keeps a table that ten thousand micro-batches change, and what it loses.

`python benchmarks/compaction.py --json` lands micro-batches as a stream would, each moving amounts
between rows, so that their sum never changes; the compactor looks as the highway's does. A reader
of its own binds and reads all the while: every cut it sees has to have every row, the same sum, and
no fewer changes on record than the cut before (``torn``). In the end rows and history are those
that were landed (``lost``, ``doubled``). ``ratio_base`` is the size of base and live log against a
base written anew, at the end and (``ratio_most``) at its longest; ``segments_most`` the most live
segments at any moment. Keep out: capturing a source (``highway.py``) and kills (``kill.py``).
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks._spent import own_cpu
from benchmarks.full_load import system as full_system
from citybase.duck import connect, literal
from citybase.private import make_private
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing
from sources.compaction import compact, is_crowded, sweep_replaced
from sources.content import Content, table_content
from sources.contract import System
from sources.highway.change import MicroBatch, TableChanges, TableEmptied
from sources.highway.micro_batch import Lander
from sources.highway.progress import begin_stream
from sources.relation import all_changes, current_rows
from sources.tables import landed_table

GOALS = {"ratio_base": 1.3, "segments_most": 50}
BATCHES, ROWS, PER_BATCH = 10_000, 100_000, 20
# Micro-batches between two looks of the highway's compactor: at crowded tables, and at all. A
# stream lands up to twenty in a second.
_LOOK_CROWDED, _LOOK_AT_ALL = 20, 200
_AMOUNT = 1_000
_AT = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None)
_KEY, _SUM, _NOTE = "resident_no", "income", "address"

_READER = """
import json, sys, time
from pathlib import Path
from citybase.duck import connect
from citybase.settings import Settings
from sources.contract import System
from sources.raw import bind
from sources.registry import Registry

settings = Settings(home=Path(sys.argv[1]))
registry = Registry(systems=(System.model_validate_json(sys.argv[2]),))
rows, total, name = int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
cuts = torn = last = 0
print("reads", flush=True)
while not Path(sys.argv[6]).exists():
    bind(settings, registry=registry)
    with connect(settings.warehouse, read_only=True) as duck:
        now = duck.execute(f"select count(*), sum(income) from raw.{name}").fetchone()
        (changes,) = duck.execute(f"select count(*) from raw_log.{name}").fetchone()
    torn += now != (rows, total) or changes < last
    cuts, last = cuts + 1, changes
    time.sleep(0.2)
print(json.dumps({"cuts": cuts, "torn": torn}))
"""


@dataclass(frozen=True)
class Stream:
    """A stream without a source, and what it has landed in all."""

    settings: Settings
    engine: sa.Engine
    system: System
    lander: Lander
    amounts: list[int]

    def land(self, number: int, changes: list[tuple[str, int]]) -> int:
        """One micro-batch: keys with ``c`` or ``u``, under the amounts they have now."""
        rows = pa.table(
            {
                _KEY: [str(key) for _, key in changes],
                _SUM: [str(self.amounts[key]) for _, key in changes],
                _NOTE: [f"山东省临沂市第{number}批" for _ in changes],
                "_op": [op for op, _ in changes],
                "_position": [f"{place:08d}" for place in range(len(changes))],
                "_committed_at": pa.array([_AT] * len(changes), pa.timestamp("us")),
            }
        )
        event = TableChanges(self.system.tables[0].table, rows=rows, unchanged=pa.table({}))
        batch = MicroBatch((event,), position=f"0/{number:X}", committed_at=_AT)
        return self.lander.land(batch).rows_landed

    @property
    def content(self) -> Content:
        """What the ledger says the table consists of."""
        return table_content(self.engine, self.system.system, self.system.tables[0].table)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=BATCHES)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="citybase-bench-") as folder:
        found = measure(Path(folder), batches=options.batches, rows=options.rows)
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for name, value in found.items():
            print(f"{name:28} {value}")
    raise SystemExit(0 if found["met"] else 1)


def measure(folder: Path, *, batches: int, rows: int) -> dict[str, Any]:
    """Everything, as one object."""
    dice = random.Random(1)  # noqa: S311 - a workload, not a secret
    with opened(folder, rows) as stream:
        table = landed_table(stream.system, stream.system.tables[0])
        landing_cpu, compaction_cpu, changes = 0.0, 0.0, rows
        segments, sizes = [0], [0]
        with reader(stream, rows) as told:
            for number in range(1, batches + 1):
                begun = own_cpu()
                changes += stream.land(number, _moved(stream.amounts, dice))
                landing_cpu += own_cpu() - begun
                if number % _LOOK_CROWDED == 0:
                    live = {file for one in stream.content.batches for file in one.files}
                    segments.append(len(live))
                    sizes.append(_bytes(stream, live))
                    begun = own_cpu()
                    is_due = number % _LOOK_AT_ALL == 0
                    if is_due or is_crowded(stream.engine, table):
                        compact(stream.settings, stream.engine, table)
                    if is_due:
                        sweep_replaced(stream.settings, stream.engine)
                    compaction_cpu += own_cpu() - begun
        begun = own_cpu()
        content = stream.content
        content_cpu = own_cpu() - begun
        sizes.append(_bytes(stream, {file for one in content.batches for file in one.files}))
        fresh = _fresh(stream, folder)
        found = {
            "batches": batches,
            "rows": rows,
            "changes": changes,
            **told,
            **_kept(stream, changes),
            "segments_most": max(segments),
            "archives": sum(1 for one in content.earlier if one.files),
            "ratio_base": round(sizes[-1] / fresh, 2),
            "ratio_most": round(max(sizes) / fresh, 2),
            "content_cpu_ms": round(content_cpu * 1000),
            "cpu_s": {"landing": round(landing_cpu, 1), "compaction": round(compaction_cpu, 1)},
            "goals": GOALS,
        }
    good = not any(found[name] for name in ("lost", "doubled", "torn"))
    return {**found, "met": good and all(found[name] <= most for name, most in GOALS.items())}


def _moved(amounts: list[int], dice: random.Random) -> list[tuple[str, int]]:
    """Move something between rows, most of it among few of them, as in life."""
    keys = []
    for _ in range(PER_BATCH // 2):
        a, b = (int(len(amounts) * dice.random() ** 3) for _ in range(2))
        amounts[a] -= 1
        amounts[b] += 1
        keys += [a, b]
    return [("u", key) for key in dict.fromkeys(keys)]


def _system() -> System:
    """The table of the full load with three of its columns, captured by its log."""
    system = full_system()
    table = system.tables[0]
    columns = [one for one in table.columns if one.column in {_KEY, _SUM, _NOTE}]
    captured = table.model_copy(update={"mode": "log", "columns": columns})
    return system.model_copy(update={"tables": [captured]})


@contextmanager
def opened(folder: Path, rows: int) -> Iterator[Stream]:
    """A table of so many rows that a stream has brought; they are its base."""
    settings = Settings(home=folder / "home")
    make_private(settings)
    engine = open_store(settings)
    system = _system()
    begin_stream(engine, system.system, position="0/0", memberships={})
    with Lander(settings, engine, system) as lander:
        stream = Stream(settings, engine, system, lander, [_AMOUNT] * rows)
        # A stream begins with what its table has: here with nothing.
        emptied = TableEmptied(system.tables[0].table, _AT)
        lander.land(MicroBatch((emptied,), position="0/0", committed_at=_AT))
        stream.land(0, [("c", key) for key in range(rows)])
        compact(settings, engine, landed_table(system, system.tables[0]), at_once=True)
        yield stream
    engine.dispose()


@contextmanager
def reader(stream: Stream, rows: int) -> Iterator[dict[str, int]]:
    """A process that binds and reads while the block runs; then what it has seen."""
    stop = stream.settings.home / "stop"
    name = landed_table(stream.system, stream.system.tables[0]).name
    arguments = [
        *(str(stream.settings.home), stream.system.model_dump_json(by_alias=True)),
        *(str(rows), str(rows * _AMOUNT), name, str(stop)),
    ]
    told: dict[str, int] = {}
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _READER, *arguments], stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None or process.stdout.readline() != "reads\n":
            raise SystemExit("the reader does not begin")
        try:
            yield told
        finally:
            stop.touch()
        told.update(json.loads(process.stdout.read()))


def _kept(stream: Stream, changes: int) -> dict[str, int]:
    """Rows and changes that are missing, and those that stand there twice."""
    table = landed_table(stream.system, stream.system.tables[0])
    now = current_rows(stream.settings, table, stream.content)
    history = all_changes(stream.settings, table, stream.content)
    with connect(scratch=stream.settings.scratch / "bench") as duck:
        held = dict(duck.execute(f"select {_KEY}, {_SUM} from ({now})").fetchall())
        on_record, different = duck.execute(
            f"select count(*), count(distinct (_batch_id, _position)) from ({history})"
        ).fetchone() or (0, 0)
    wrong = sum(held.get(key) != amount for key, amount in enumerate(stream.amounts))
    return {
        "lost": wrong + max(changes - different, 0),
        "doubled": on_record - different + max(len(held) - len(stream.amounts), 0),
    }


def _bytes(stream: Stream, files: set[str]) -> int:
    return sum(path.stat().st_size for path in landing.absolute(stream.settings, tuple(files)))


def _fresh(stream: Stream, folder: Path) -> int:
    """The size of the rows as compaction writes a base, made by a compaction of everything."""
    table = landed_table(stream.system, stream.system.tables[0])
    compact(stream.settings, stream.engine, table, at_once=True)
    base = stream.content.base
    if base is None:
        raise AssertionError("a table with rows has a base once all of it is compacted")
    fresh = folder / "fresh.parquet"
    listed = ", ".join(literal(str(path)) for path in landing.absolute(stream.settings, base.files))
    with connect() as duck:
        duck.execute(
            f"copy (from read_parquet([{listed}])) to {literal(str(fresh))}"
            " (format parquet, compression zstd)"
        )
    return fresh.stat().st_size


if __name__ == "__main__":
    main()
