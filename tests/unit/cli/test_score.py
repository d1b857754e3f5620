"""What `citybase score` prints: whole names within 80 columns, and everything under its goal."""

import io

import pytest
from rich.console import Console

from citybase.cli.score import print_score
from citybase.score import Figure, Score, defect_legal_entity, defect_licence, defect_population
from citybase.score.defect import DefectFigure, DefectKind

pytestmark = pytest.mark.unit


def judged_kinds() -> set[str]:
    modules = (defect_population, defect_legal_entity, defect_licence)
    groups = [group for module in modules for group in vars(module).values()]
    return {
        kind.defect
        for group in groups
        if isinstance(group, tuple)
        for kind in group
        if isinstance(kind, DefectKind)
    }


def printed(found: Score, *, width: int = 80, briefly: bool = True) -> str:
    out = io.StringIO()
    print_score(Console(file=out, width=width), found, of_missed_goals_only=briefly)
    return out.getvalue()


def test_no_name_is_cut_in_a_terminal_of_eighty_columns() -> None:
    names = sorted(judged_kinds())
    assert max(len(name) for name in names) >= 28
    found = Score(
        figures=(Figure("legal_entity", "shareholder_organisation", 123_455, 123_456, 0.99),),
        defects=tuple(
            DefectFigure(
                "licence", name, 23_456, 23_455, 14, 0.999, set_aside=1_234, alarms=5_000,
                false_goal=0.99,
            )
            for name in names
        ),
    )  # fmt: skip
    lines = printed(found).splitlines()
    assert not any("…" in line for line in lines)
    assert all(len(line.rstrip()) <= 80 for line in lines)
    for name in (*names, "shareholder_organisation"):
        assert any(line.split()[:1] == [name] for line in lines), name


def test_a_mark_says_whether_a_goal_was_reached() -> None:
    found = Score(
        figures=(Figure("population", "name", 998, 1000, 0.999, ("朱* for 李*",)),),
        defects=(
            DefectFigure("population", "padded", 100, 100, None, 0.99),
            DefectFigure("population", "name_variant", 264, 261, None, 0.99, ("whose name",)),
            DefectFigure("population", "number_former", 0, 0, None, 0.97),
            DefectFigure(
                "population", "code_missing", 7, 7, 14, 0.9, alarms=21, false_goal=0.95,
                false_examples=("bears a code",),
            ),
        ),
    )  # fmt: skip
    lines = {line.split()[0]: line.split() for line in printed(found).splitlines() if line.strip()}
    assert lines["name"][-1] == "✗"
    assert lines["padded"][-2:] == ["✓", "–"]
    assert lines["name_variant"][-2:] == ["~", "–"]
    assert lines["number_former"][-4:] == ["–", "97%", "–", "–"]
    assert lines["code_missing"][-3:] == ["✓", "14", "✗"]
    under = printed(found).split("Under the goal\n")[1].splitlines()
    assert under == [
        "✗ population.name: 998 of 1,000, 99.8000% of 99.9%",
        "    朱* for 李*",
        "~ population.name_variant: 261 of 264, 98.8636% of 99%",
        "    whose name",
        "✗ population.code_missing, its alarms: 7 of 21, 33.3333% of 95%",
        "    bears a code",
    ]


def test_misses_above_the_goal_are_shown_when_asked_for() -> None:
    found = Score(figures=(Figure("population", "name", 999, 1000, 0.99, ("朱* for 李*",)),))
    assert "朱* for 李*" not in printed(found)
    assert "Nothing is under its goal." in printed(found)
    assert "朱* for 李*" in printed(found, briefly=False)
