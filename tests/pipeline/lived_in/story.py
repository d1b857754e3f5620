"""Two months in the life of an installation: a city is built, lives on, is edited, and every way of
building the library again stands beside the deltas, to be compared with.

The city lives 30 days and `citybase build` follows; clerks edit rows and a delta follows; the delta
that follows the last edits is killed and run again. Then a full refresh in small buckets, and a
build into an emptied warehouse. Add a build here when another way of building must end equal. Keep
out: what is expected of it.
"""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from citybase.score import Score, score_published
from sources.identity_register import REGISTERS, land_register
from tests.pipeline.lived_in.edits import Edited, edit_everywhere, edit_once_more
from tests.pipeline.pipeline_house import House, city_home, citybase, differences, house_of

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
SEED = 20260105
SCALE = 0.0005
DAYS = 30
_KILLED_AFTER = "OK created sql library model intermediate.int_population__person_golden"
_EDITED = (
    "household_register",
    "social_security",
    "migrant_register",
    "health_record",
    "civil_registry",
    "enterprise_register",
    "market_licence",
)


@dataclass(frozen=True)
class Demonstrated:
    """The city as `citybase demo` left it: what that printed, and the score of what it published.

    ``built`` is its warehouse then.
    """

    house: House
    printed: dict[str, Any]
    score: Score
    built: Path


@dataclass(frozen=True)
class Evolved:
    """The city 30 days later: what happened to it, and the score of the build that followed."""

    house: House
    report: dict[str, Any]
    built: str
    score: Score
    warehouse: Path


@dataclass(frozen=True)
class Story:
    """The house after its delta builds, what was edited, and the builds to compare with."""

    house: House
    edited: Edited
    written: dict[str, set[int]]
    warehouse_before: Path
    delta: Path
    state_when_killed: dict[str, tuple[int, int]]
    refreshed: Path
    emptied: Path


@contextmanager
def demonstrated_city(folder: Path) -> Iterator[Demonstrated]:
    """A city made and built by the command a newcomer types; ``folder`` takes a copy."""
    with city_home() as settings:
        done = citybase(settings, "demo", "--json", "--seed", str(SEED), "--scale", str(SCALE))
        assert done.returncode == 0, done.stderr[-4000:]
        house = house_of(settings)
        yield Demonstrated(
            house=house,
            printed=json.loads(done.stdout),
            score=score_published(settings),
            built=Path(shutil.copy2(settings.warehouse, folder / "demonstrated.duckdb")),
        )


def live_on(demonstrated: Demonstrated, folder: Path) -> Evolved:
    """Let the city live 30 days, and build."""
    house = demonstrated.house
    lived = house.citybase("city", "evolve", "--days", str(DAYS), "--json")
    assert lived.returncode == 0, lived.stderr[-4000:]
    built = house.citybase("build")
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-2000:]
    return Evolved(
        house=house,
        report=json.loads(lived.stdout),
        built=built.stdout,
        score=score_published(house.settings),
        warehouse=Path(shutil.copy2(house.settings.warehouse, folder / "evolved.duckdb")),
    )


def told(evolved: Evolved, folder: Path) -> Story:
    """Edit, build in deltas, and build in every other way; ``folder`` takes the warehouses."""
    house = evolved.house
    warehouse = house.settings.warehouse
    edited = edit_everywhere(house)
    house.extract(*_EDITED)
    house.bind()
    _mark(house)
    house.dbt("run")
    written = {table: _unmarked(house, table, key) for table, key in MARKED.items()}
    _unmark(house)
    before = Path(shutil.copy2(warehouse, folder / "before.duckdb"))

    edit_once_more(house, edited)
    house.extract("household_register")
    house.bind()
    _build_and_kill(house)
    state_when_killed = differences(before, warehouse, schemas=["intermediate", "library"])
    house.dbt("run")
    for register in REGISTERS:
        land_register(house.settings, register)

    delta = Path(shutil.copy2(warehouse, folder / "delta.duckdb"))
    house.dbt("run", "--full-refresh", "--vars", "{library_bucket_rows: 500}")
    shutil.move(warehouse, folder / "refreshed.duckdb")
    house.bind()
    house.dbt("build", "--exclude-resource-type", "test")
    shutil.move(warehouse, folder / "emptied.duckdb")
    shutil.copy2(delta, warehouse)
    return Story(
        house=house,
        edited=edited,
        written=written,
        warehouse_before=before,
        delta=delta,
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
