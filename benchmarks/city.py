"""How many source rows of the synthetic city one CPU second generates.

`python benchmarks/city.py --scale 0.01 --json` prints one object; `million_per_cpu_second` counts
CPU time of the least disturbed repetition on one thread, from the empty connection to the last
source table in memory, the truth in its underscore columns included; filling servers and files is
not in it. Tables of a shape and ``truth_record`` are views of rows made once, so reading costs
something too: ``read_cpu_seconds`` is what one reading of every source table takes. Keep out:
correctness (tests).
"""

import argparse
import json
import resource
import time

from sources.registry import load_registry
from sources.simulator.generate import contents, generate
from sources.simulator.plan import CityPlan
from sources.simulator.served import served

GOAL = 0.25


def measure(scale: float, repetitions: int) -> dict[str, object]:
    """Generate the city some times; the figures of the least disturbed one."""
    registry = served(load_registry())
    plan = CityPlan(scale=scale)
    spent: list[float] = []
    read: list[float] = []
    rows = 0
    for _ in range(repetitions):
        begun = time.process_time()
        connection = generate(plan, registry, threads=1)
        spent.append(time.process_time() - begun)
        begun = time.process_time()
        rows = sum(table.rows for table in contents(connection, registry))
        read.append(time.process_time() - begun)
        connection.close()
    rate = rows / min(spent) / 1e6
    return {
        "scale": scale,
        "rows": rows,
        "cpu_seconds": round(min(spent), 2),
        "read_cpu_seconds": round(min(read), 2),
        "million_per_cpu_second": round(rate, 3),
        "goal": GOAL,
        "met": rate >= GOAL,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.scale, arguments.repetitions)
    if arguments.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['million_per_cpu_second']} M rows per CPU second "
            f"(goal {GOAL}) over {found['rows']:,} rows"
        )


if __name__ == "__main__":
    main()
