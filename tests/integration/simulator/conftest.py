"""A larger city's people: no server, but more seconds than the inner loop has."""

from collections.abc import Iterator

import duckdb
import pytest

from citybase.duck import connect
from sources.registry import Registry, load_registry
from sources.simulator.generate import make_people
from sources.simulator.plan import CityPlan
from sources.simulator.records_health import write_health_record
from sources.simulator.records_permits import write_migrant_register, write_permit_register
from sources.simulator.records_police_changes import write_police_changes
from sources.simulator.records_public_security import write_household_register

# Rare things are counted in a tenth of a million people, of whom only some tables are written.
MANY = CityPlan(seed=7, scale=0.01)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry()


@pytest.fixture(scope="session")
def many_people() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect()
    make_people(connection, MANY)
    for write in (
        write_household_register,
        write_police_changes,
        write_permit_register,
        write_migrant_register,
        write_health_record,
    ):
        write(connection)
    yield connection
    connection.close()
