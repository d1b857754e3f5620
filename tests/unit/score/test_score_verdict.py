"""Verdicts: under the goal is under the goal; chance is a reason to wait, never to call it met."""

import pytest

from citybase.score import Figure, Score, Verdict
from citybase.score.defect import DefectFigure
from citybase.score.verdict import chance_of, judge

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("right", "total", "goal", "verdict"),
    [
        (99, 100, 0.99, Verdict.REACHED),
        # 98.86 % of 99 %, and 88.16 % of 90 %: under the goal, but two cities in five would be
        (261, 264, 0.99, Verdict.UNDECIDED),
        (67, 76, 0.9, Verdict.UNDECIDED),
        (0, 1, 0.95, Verdict.UNDECIDED),
        (0, 2, 0.95, Verdict.MISSED),
        (250, 264, 0.99, Verdict.MISSED),
        (999, 1000, 1.0, Verdict.MISSED),
        (0, 0, 0.99, Verdict.NONE),
        (1, 5, None, Verdict.NONE),
    ],
)
def test_a_share_is_judged_with_chance_in_mind(
    right: int, total: int, goal: float | None, verdict: Verdict
) -> None:
    assert judge(right=right, total=total, goal=goal) is verdict


def test_chance_is_that_of_throwing_dice() -> None:
    assert chance_of(misses=2, total=3, goal=0.5) == pytest.approx(0.5)
    assert chance_of(misses=1, total=4, goal=5 / 6) == pytest.approx(1 - (5 / 6) ** 4)


def test_a_large_city_can_be_judged() -> None:
    """The coefficients of ten million cases have a million digits."""
    assert judge(right=9_899_000, total=10_000_000, goal=0.99) is Verdict.MISSED
    assert judge(right=9_899_900, total=10_000_000, goal=0.99) is Verdict.UNDECIDED


def kind(**changed: object) -> DefectFigure:
    stated: dict[str, object] = {
        "library": "population",
        "defect": "name_variant",
        "injected": 264,
        "caught": 261,
        "false": None,
        "goal": 0.99,
        "examples": ("one", "two"),
    }
    return DefectFigure(**{**stated, **changed})  # type: ignore[arg-type]


def test_what_is_under_its_goal_is_listed_and_only_what_is_missed_fails() -> None:
    reached = Figure("population", "name", 999, 1000, 0.999)
    found = Score(
        figures=(reached,),
        defects=(
            kind(),
            kind(defect="padded", caught=264),
            kind(defect="full_width", injected=0, caught=0),
            kind(defect="phone_changed", caught=4, goal=None),
        ),
    )
    assert [(one.name, one.verdict) for one in found.under_goal] == [
        ("population.name_variant", Verdict.UNDECIDED)
    ]
    assert found.under_goal[0].examples == ("one", "two")
    assert found.met
    missed = Score(figures=(Figure("population", "name", 998, 1000, 0.999),), defects=(kind(),))
    assert [(one.name, one.verdict) for one in missed.under_goal] == [
        ("population.name", Verdict.MISSED),
        ("population.name_variant", Verdict.UNDECIDED),
    ]
    assert not missed.met


def test_false_alarms_have_a_verdict_of_their_own() -> None:
    """Of 21 records stewards are shown as uncoded 14 bear a code: the list is worth little."""
    crying = kind(
        defect="code_missing",
        injected=7,
        caught=7,
        false=14,
        alarms=21,
        false_goal=0.95,
        false_examples=("a record with a code",),
    )
    found = Score(figures=(), defects=(crying,))
    assert crying.verdict is Verdict.REACHED
    assert crying.false_verdict is Verdict.MISSED
    assert not crying.met
    assert not found.met
    (one,) = found.under_goal
    assert (one.name, one.right, one.total, one.goal) == (
        "population.code_missing, its alarms",
        7,
        21,
        0.95,
    )
    assert one.examples == ("a record with a code",)


def test_a_program_reads_the_same_verdicts() -> None:
    found = kind(false=1, alarms=20, false_goal=0.95, set_aside=2).as_json()
    assert (found["verdict"], found["met"]) == ("undecided", True)
    assert (found["false_verdict"], found["alarms"], found["set_aside"]) == ("reached", 20, 2)
    assert kind(injected=0, caught=0).as_json()["verdict"] == "none"
    assert Figure("population", "name", 998, 1000, 0.999).as_json()["verdict"] == "missed"
    assert Figure("population", "name", 0, 0, 0.999).as_json()["verdict"] == "missed"
