"""A second full build over the same sources, while four of the systems are disturbed in four ways.

Add a way for a source to fail here. Keep out: what is expected then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from psycopg import sql

from orchestration.run import RunOutcome
from sources.connectors.mysql_location import parse_location
from sources.contract_connection import MysqlConnection
from sources.ledger import Batch
from sources.modes.hash_diff import STATE
from sources.registry import load_registry
from sources.simulator.servers_mariadb import mariadb_is_installed
from tests.pipeline.pipeline_house import Built, House, copied
from tests.pipeline.source_rows import source_relation

WRONG_PASSWORD = "wrong-and-secret-3f9c"
# What befalls each table of a disturbed system: a word of its error, and of the remedy.
WRONG_PASSWORD_OF = "household_register"
UNREACHABLE = "market_licence"
UNREACHABLE_MARIADB = "transport_licence"
LOST_TABLE = ("social_security", "insured_unit")
LOST_COLUMN = ("enterprise_register", "enterprise")


@dataclass(frozen=True)
class Disturbed:
    """The build, what had landed before it, and the passwords that nobody may write down."""

    house: House
    outcome: RunOutcome
    before: dict[tuple[str, str], Batch | None]
    segments: dict[str, int]
    secrets: set[str]


def expected_failures() -> dict[tuple[str, str], tuple[str, str]]:
    """Per table that fails a word of its error, and of the remedy."""
    registry = load_registry()
    found = {}
    failing = {WRONG_PASSWORD_OF: "password", UNREACHABLE: "cannot be reached"}
    if mariadb_is_installed():
        failing[UNREACHABLE_MARIADB] = "cannot be reached"
    for system, word in failing.items():
        remedy = registry.system(system).connection.location_env
        found |= {(system, t.table): (word, remedy) for t in registry.system(system).tables}
    found[LOST_TABLE] = ("does not exist", "`source:`")
    found[LOST_COLUMN] = ("lacks column", "lost_column")
    return found


@contextmanager
def disturbed_build(built: Built, folder: Path) -> Iterator[Disturbed]:
    """Disturb a copy with sources of its own, and build."""
    with copied(built.house, folder / "disturbed", has_own_sources=True) as house:
        secrets = passwords(house) | {WRONG_PASSWORD, house.server.password}
        give_wrong_password(house, WRONG_PASSWORD_OF)
        # As a stopped server looks: nobody listens on its socket.
        location = house.location(UNREACHABLE)
        house.locate(
            UNREACHABLE,
            location.replace(f"host={house.server.socket_folder} ", f"host={folder} "),
        )
        if house.mariadb is not None:
            house.locate(
                UNREACHABLE_MARIADB,
                house.location(UNREACHABLE_MARIADB).partition("?")[0]
                + "?"
                + urlencode({"unix_socket": str(folder / "nobody")}),
            )
        with house.connect_source(LOST_TABLE[0]) as postgres:
            postgres.execute(sql.SQL("drop table {}").format(source_relation(*LOST_TABLE)))
        name = load_registry().system(LOST_COLUMN[0]).table(LOST_COLUMN[1]).column("name")
        with house.connect_source(LOST_COLUMN[0]) as postgres:
            postgres.execute(
                sql.SQL("alter table {} rename column {} to lost_column").format(
                    source_relation(*LOST_COLUMN), sql.Identifier(name.source_name)
                )
            )
        before = last_batches(house)
        segments = inodes(house.settings.landing)
        yield Disturbed(house, house.run(), before, segments, secrets)


def give_wrong_password(house: House, system: str) -> None:
    """Let the house know another password than the system's."""
    location = house.location(system)
    right = psycopg.conninfo.conninfo_to_dict(location)["password"]
    house.locate(system, location.replace(f"password={right}", f"password={WRONG_PASSWORD}"))


def passwords(house: House) -> set[str]:
    """The passwords of all PostgreSQL and MariaDB systems."""
    found = [
        str(psycopg.conninfo.conninfo_to_dict(house.location(system))["password"])
        for system in house.databases
    ]
    found += [
        parse_location(house.location(system.system)).password
        for system in load_registry().systems
        if house.mariadb is not None and isinstance(system.connection, MysqlConnection)
    ]
    assert len(found) == len(set(found))
    return set(found)


def last_batches(house: House) -> dict[tuple[str, str], Batch | None]:
    """The newest batch of every table."""
    return {
        (system.system, table.table): house.last(system.system, table.table)
        for system, table in load_registry().tables()
    }


def inodes(landing: Path) -> dict[str, int]:
    """Every segment of landing with its inode; the state of comparisons is none."""
    files = {
        str(path.relative_to(landing)): path.stat().st_ino
        for path in landing.rglob("*.parquet")
        if STATE not in path.parts
    }
    assert files
    return files
