"""Cities for all tests of this folder: large enough to count rare things, made in seconds."""

from collections.abc import Iterator

import duckdb
import pytest

from sources.registry import Registry, load_registry
from sources.simulator.generate import generate
from sources.simulator.plan import CityPlan

PLAN = CityPlan(seed=7, scale=0.003)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_registry()


@pytest.fixture(scope="session")
def city(registry: Registry) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = generate(PLAN, registry, threads=1)
    yield connection
    connection.close()
