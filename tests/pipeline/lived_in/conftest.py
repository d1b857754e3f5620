"""The installation of this folder: a city made by `citybase demo`, that lives on and is edited."""

from collections.abc import Iterator

import pytest

from tests.pipeline.lived_in.story import (
    Demonstrated,
    Evolved,
    Story,
    demonstrated_city,
    live_on,
    told,
)


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
