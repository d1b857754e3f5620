"""The libraries against the truth: every goal is met."""

import pytest

from citybase.score import score_published
from tests.pipeline.goals import assert_met
from tests.pipeline.pipeline_house import Built

pytestmark = pytest.mark.pipeline


def test_the_city_meets_every_goal(built: Built) -> None:
    assert_met(score_published(built.house.settings))
