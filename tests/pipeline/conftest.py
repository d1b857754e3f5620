"""Two installations for the whole tier: a built city that nobody changes (it is copied), and one
that is lived in. The cities' servers are stopped at the end, whatever
happened.
"""

from collections.abc import Iterator

import pytest

from sources.contract import PostgresConnection
from sources.registry import load_registry
from sources.simulator import CityPlan, CityReport, create_city
from sources.simulator.servers import running_postgresql
from tests.pipeline.disturbance import Disturbed, disturbed_build
from tests.pipeline.pipeline_house import Built, House, city_home
from tests.pipeline.story import Demonstrated, Evolved, Story, demonstrated_city, live_on, told

PLAN = CityPlan(seed=1, scale=0.0005)


@pytest.fixture(scope="session")
def city() -> Iterator[tuple[House, CityReport]]:
    with city_home() as settings:
        report = create_city(settings, PLAN)
        server = running_postgresql(
            settings.city / "postgresql", settings.city / "postgresql.password"
        )
        assert server is not None
        databases = {
            system.system: system.system
            for system in load_registry().systems
            if isinstance(system.connection, PostgresConnection)
        }
        yield House(settings, server, databases), report


@pytest.fixture(scope="session")
def built(city: tuple[House, CityReport]) -> Built:
    house, report = city
    return Built(house, report, house.run())


@pytest.fixture(scope="session")
def disturbed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    with disturbed_build(built, tmp_path_factory.mktemp("disturbed")) as found:
        yield found


@pytest.fixture(scope="session")
def demonstrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstrated]:
    with demonstrated_city(tmp_path_factory.mktemp("demonstrated")) as found:
        yield found


@pytest.fixture(scope="session")
def evolved(demonstrated: Demonstrated, tmp_path_factory: pytest.TempPathFactory) -> Evolved:
    return live_on(demonstrated, tmp_path_factory.mktemp("evolved"))


@pytest.fixture(scope="session")
def story(evolved: Evolved, tmp_path_factory: pytest.TempPathFactory) -> Story:
    return told(evolved, tmp_path_factory.mktemp("story"))
