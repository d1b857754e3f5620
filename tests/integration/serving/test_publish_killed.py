"""A publisher killed at any moment leaves every ``current`` whole, and the next one cleans up."""

import itertools
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from citybase.serving.versions import building_folder, current_version, list_versions
from tests.integration.serving.marked_house import (
    build_marked_house,
    current_mark,
    torn_audiences,
)
from tests.integration.serving.serving_house import House

pytestmark = pytest.mark.integration

KILLS = 10
AUDIENCES = ("steward", "analyst")
PUBLISHER = Path(__file__).with_name("publish_forever.py")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house, published once, whose files each carry a mark."""
    return build_marked_house(tmp_path / "home")


def _assert_whole(house: House) -> set[int]:
    assert torn_audiences(house) == {}
    return {current_mark(house, audience) for audience in AUDIENCES}


def _assert_recovers(house: House) -> None:
    publication = house.publish()
    assert not building_folder(house.settings).exists()
    for audience in AUDIENCES:
        assert current_version(house.settings, audience) == publication.batch
        assert len(list_versions(house.settings, audience)) <= 3
        left = {path.name for path in (house.settings.serving / audience).iterdir()}
        assert left == {"current", *(f"v{n}" for n in list_versions(house.settings, audience))}
    assert current_mark(house, "steward") == current_mark(house, "analyst")
    assert len(list(house.settings.serving.iterdir())) == len(AUDIENCES)


def test_a_kill_at_any_moment_leaves_current_whole(house: House) -> None:
    moments = random.Random(20250601)  # noqa: S311
    seen: set[int] = set()
    lasts = 0.0
    for kill in range(KILLS):
        publisher = subprocess.Popen(
            [sys.executable, str(PUBLISHER), str(house.settings.home), str(1000 * (kill + 1))],
            stdout=subprocess.PIPE,
        )
        assert publisher.stdout is not None
        publisher.stdout.readline()  # it has begun to publish
        if kill == 0:
            # How long one takes here; the kills fall into the time of two.
            begun = time.monotonic()
            publisher.stdout.readline()
            lasts = time.monotonic() - begun
        time.sleep(moments.uniform(0.0, 2 * lasts))
        publisher.kill()
        publisher.communicate()
        assert publisher.returncode == -9
        seen |= _assert_whole(house)
    assert max(seen) >= 1000, "no publication ever came through between the kills"

    _assert_recovers(house)


def test_a_kill_at_every_step_of_the_swap_leaves_current_whole(house: House) -> None:
    killed_at, seen = [], set()
    for step in itertools.count(1):
        publisher = subprocess.run(
            [sys.executable, str(PUBLISHER), str(house.settings.home), str(1000 * step), str(step)],
            stdout=subprocess.PIPE,
            check=False,
        )
        assert publisher.returncode == -9
        seen |= _assert_whole(house)
        if publisher.stdout.count(b"\n") > 1:
            break  # the first publication was over before the step came: none is left
        killed_at.append(step)
    # Files, records, folders moved into place and links replaced, of two audiences.
    assert len(killed_at) > 12
    assert len(seen) > 2
    _assert_recovers(house)
