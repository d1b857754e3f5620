"""The accuracy bench counts what a step really takes, and says which goals were missed."""

import subprocess
import sys
import time

import pytest

from benchmarks.libraries import hard_cases, spend, under_goal
from citybase.errors import WarehouseError
from citybase.score import Figure, Score, Verdict
from citybase.score.defect import DefectFigure

pytestmark = pytest.mark.unit

_CHILD = "import time; held = b'1' * 150_000_000\nwhile time.process_time() < 0.4: pass"


def burn(seconds: float) -> str:
    """CPU seconds of this process, and a child with 150 MB and 0.4 seconds of its own."""
    subprocess.run([sys.executable, "-c", _CHILD], check=True)
    begun = time.process_time()
    while time.process_time() - begun < seconds:
        pass
    return "done"


def fail() -> None:
    raise WarehouseError("Nothing is built.", remedy="Build it.")


def test_a_step_is_counted_with_its_children() -> None:
    result, spent = spend(burn, 0.3)

    assert result == "done"
    assert spent.cpu_s >= 0.7
    assert spent.seconds >= 0.7
    assert spent.rss_mb >= 150


def test_what_a_step_prints_is_no_result(capfd: pytest.CaptureFixture[str]) -> None:
    spend(print, "a bar of progress")

    assert capfd.readouterr() == ("", "a bar of progress\n")


def test_an_error_of_a_step_is_not_lost() -> None:
    with pytest.raises(WarehouseError) as raised:
        spend(fail)
    assert (raised.value.message, raised.value.remedy) == ("Nothing is built.", "Build it.")


def test_what_is_under_its_goal_is_named_with_examples() -> None:
    score = Score(
        figures=(
            Figure("population", "person_key", 999, 1000, 0.999),
            Figure("population", "one_key", 990, 1000, 0.999, ("person 7: 2 keys",)),
        ),
        defects=(
            DefectFigure("population", "number_shared", 14, 10, 2, 0.95, ("pair 3",)),
            DefectFigure("population", "number_of_another", 400, 400, 0, 0.99),
            DefectFigure("population", "name_variant", 264, 261, None, 0.99, ("a name",)),
            DefectFigure("population", "phone_missing", 10, 1, None, None),
        ),
    )

    assert hard_cases(score.as_json()) == {
        "number_shared": {
            "injected": 14, "caught": 10, "missed": 4, "false": 2, "goal": 0.95, "met": False,
        },
        "false_split": 0.01,
        "one_person_one_key": 0.999,
        "wrong_number_kept_out": 1.0,
    }  # fmt: skip
    assert under_goal(score, Verdict.MISSED) == [
        "population.one_key: 99.0000% of 1,000, asked 99.9%; person 7: 2 keys",
        "population.number_shared: 71.4286% of 14, asked 95.0%; pair 3",
    ]
    assert under_goal(score, Verdict.UNDECIDED) == [
        "population.name_variant: 98.8636% of 264, asked 99.0%; a name",
    ]
