"""A day in the life of an installation: edits at the sources, and the builds that follow them.

A delta build follows the first edits; the build that follows the second ones is killed and run
again; a full refresh in small buckets and a build into an emptied warehouse stand beside, to be
compared with. Add a build here when another way of building must end equal. Keep out: what is
expected of it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sources.identity_register import REGISTERS, land_register
from tests.pipeline.edits import Edited, edit_everywhere, rename_resident
from tests.pipeline.pipeline_house import House, copied, differences

PERSON = "library.lib_population__entity_person"
GOLDEN = "intermediate.int_population__person_golden"
MARKED = {
    GOLDEN: "person_key",
    PERSON: "person_key",
    "library.lib_population__entity_person_provenance": "person_key",
    "library.lib_population__link_person_identifier": "person_key",
    "library.lib_population__link_person_source": "person_key",
    "library.lib_legal_entity__entity_organisation": "entity_key",
    "library.lib_legal_entity__link_entity_source": "entity_key",
    "library.lib_licence__entity_licence": "licence_key",
}
_KILLED_AFTER = "OK created sql library model intermediate.int_population__person_golden"


@dataclass(frozen=True)
class Story:
    """The copy after its delta builds, what was edited, and the builds to compare with."""

    house: House
    edited: Edited
    written: dict[str, set[int]]
    warehouse_before: Path
    state_when_killed: dict[str, tuple[int, int]]
    refreshed: Path
    emptied: Path


@contextmanager
def told(built: House, folder: Path) -> Iterator[Story]:
    """Live through the day on a copy of a built installation; ``folder`` takes the warehouses."""
    with copied(built, folder / "edited", has_own_sources=True) as house:
        warehouse = house.settings.warehouse
        edited = edit_everywhere(house)
        house.extract()
        house.bind()
        _mark(house)
        house.dbt("run")
        written = {table: _unmarked(house, table, key) for table, key in MARKED.items()}
        _unmark(house)
        before = shutil.copy2(warehouse, folder / "before.duckdb")

        rename_resident(house, edited.called, "二次更名")
        rename_resident(house, edited.renamed, "二次更正")
        house.extract("household_register")
        house.bind()
        _build_and_kill(house)
        state_when_killed = differences(before, warehouse, schemas=["intermediate", "library"])
        house.dbt("run")
        for register in REGISTERS:
            land_register(house.settings, register)

        shutil.copy2(warehouse, folder / "delta.duckdb")
        house.dbt("run", "--full-refresh", "--vars", "{library_bucket_rows: 500}")
        shutil.move(warehouse, folder / "refreshed.duckdb")
        house.bind()
        house.dbt("build", "--exclude-resource-type", "test")
        shutil.move(warehouse, folder / "emptied.duckdb")
        shutil.copy2(folder / "delta.duckdb", warehouse)
        yield Story(
            house=house,
            edited=edited,
            written=written,
            warehouse_before=Path(before),
            state_when_killed=state_when_killed,
            refreshed=folder / "refreshed.duckdb",
            emptied=folder / "emptied.duckdb",
        )


def _mark(house: House) -> None:
    """Rows that stay keep the mark; a row written again comes without it."""
    with house.warehouse(read_only=False) as connection:
        for table in MARKED:
            connection.execute(f"alter table {table} add column _is_kept boolean")
            connection.execute(f"update {table} set _is_kept = true")


def _unmarked(house: House, table: str, key: str) -> set[int]:
    return set(house.column(f"select {key} from {table} where _is_kept is null"))


def _unmark(house: House) -> None:
    with house.warehouse(read_only=False) as connection:
        for table in MARKED:
            connection.execute(f"alter table {table} drop column _is_kept")


def _build_and_kill(house: House) -> None:
    """Kill dbt without warning as soon as the golden records are written."""
    command, environment = house.dbt_command("run")
    with subprocess.Popen(
        command,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    ) as running:
        assert running.stdout is not None
        reached = any(_KILLED_AFTER in line for line in running.stdout)
        os.killpg(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    assert reached
