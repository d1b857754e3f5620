"""Publishes again and again, each time another mark in every library, until it is killed.

Run by the kill tests as a process of its own: ``python publish_forever.py <home> <first mark>
[<step>]``. With a step it kills itself just before the so manieth time it makes something durable:
every rename and every replaced link lies between two such steps.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from citybase.duck import connect
from citybase.serving import versions
from citybase.serving.publish import publish
from citybase.settings import Settings

MARKED = (
    "library.lib_population__entity_person",
    "library.lib_shared__code_value",
    "mart.mart_overview__population_by_county",
)


def main(home: Path, first: int) -> None:
    """Change every marked table to the next number, publish, and so on."""
    settings = Settings(home=home)
    for mark in itertools.count(first):
        with connect(settings.warehouse) as connection:
            connection.execute("begin")
            for table in MARKED:
                connection.execute(f"update {table} set mark = {mark}")
            connection.execute("commit")
        sys.stdout.write(f"{mark}\n")
        sys.stdout.flush()
        publish(settings, manifest=home / "manifest.json")


def die_at(step: int) -> None:
    """Let this process kill itself instead of its ``step``-th synchronisation of a folder."""
    sync, calls = versions.sync_folder, itertools.count(1)

    def counted(folder: Path) -> None:
        if next(calls) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        sync(folder)

    versions.sync_folder = counted


if __name__ == "__main__":
    if len(sys.argv) > 3:
        die_at(int(sys.argv[3]))
    main(Path(sys.argv[1]), int(sys.argv[2]))
