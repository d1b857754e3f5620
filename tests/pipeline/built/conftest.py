"""The installation of this folder: a built city that nobody changes; tests that change something
work on copies. Its servers are stopped at the end, whatever happened.
"""

from collections.abc import Iterator

import pytest

from sources.simulator import CityPlan, CityReport, create_city
from tests.pipeline.built.disturbance import Disturbed, disturbed_build
from tests.pipeline.pipeline_house import Built, House, city_home, house_of

PLAN = CityPlan(seed=1, scale=0.0005)


@pytest.fixture(scope="session")
def city() -> Iterator[tuple[House, CityReport]]:
    with city_home() as settings:
        report = create_city(settings, PLAN)
        yield house_of(settings), report


@pytest.fixture(scope="session")
def built(city: tuple[House, CityReport]) -> Built:
    house, report = city
    return Built(house, report, house.run())


@pytest.fixture(scope="session")
def disturbed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disturbed]:
    with disturbed_build(built, tmp_path_factory.mktemp("disturbed")) as found:
        yield found
