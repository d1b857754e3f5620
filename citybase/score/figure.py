"""A figure of the score: how many of how many are right, the goal, and examples of misses.

Keep out: what counts as right (the module of each library says it).
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from citybase.score.defect import DefectFigure
from citybase.score.verdict import Verdict

EXAMPLES = 5


@dataclass(frozen=True)
class Figure:
    """One count against the truth. ``share`` is right / total, and 1 when there is nothing.

    ``examples`` name up to five misses by table and record, personal values masked.
    """

    library: str
    code: str
    right: int
    total: int
    goal: float
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Right of total, 0 to 1."""
        return self.right / self.total if self.total else 1.0

    @property
    def met(self) -> bool:
        """The goal is reached, on something: a figure over nothing proves nothing."""
        return self.total > 0 and self.share >= self.goal

    @property
    def verdict(self) -> Verdict:
        """``reached`` or ``missed``: chance excuses rare damage, never a figure."""
        return Verdict.REACHED if self.met else Verdict.MISSED

    def as_json(self) -> dict[str, int | float | bool | str]:
        """The figure for a program."""
        return {
            "right": self.right,
            "total": self.total,
            "share": round(self.share, 6),
            "goal": self.goal,
            "met": self.met,
            "verdict": self.verdict.value,
        }


@dataclass(frozen=True)
class UnderGoal:
    """A figure, a kind of damage or its alarms under the goal: right of total, and misses."""

    name: str
    verdict: Verdict
    right: int
    total: int
    goal: float
    examples: tuple[str, ...]

    @property
    def share(self) -> float:
        """Right of total, 0 to 1; 0 of nothing, which proves nothing."""
        return self.right / self.total if self.total else 0.0


@dataclass(frozen=True)
class Score:
    """Every figure, in the order of the libraries, and what became of every kind of damage."""

    figures: tuple[Figure, ...]
    defects: tuple[DefectFigure, ...] = ()

    @property
    def met(self) -> bool:
        """Every goal is reached."""
        return all(figure.met for figure in self.figures) and all(
            defect.met for defect in self.defects
        )

    @property
    def under_goal(self) -> tuple[UnderGoal, ...]:
        """Everything under its goal, be it missed or undecided."""
        found = [
            UnderGoal(
                name=f"{one.library}.{one.code}",
                verdict=one.verdict,
                right=one.right,
                total=one.total,
                goal=one.goal,
                examples=one.examples,
            )
            for one in self.figures
            if one.verdict.is_under_goal
        ]
        for one in self.defects:
            name = f"{one.library}.{one.defect}"
            if one.verdict.is_under_goal and one.goal is not None:
                found.append(
                    UnderGoal(name, one.verdict, one.caught, one.injected, one.goal, one.examples)
                )
            if one.false_verdict.is_under_goal and one.false_goal is not None:
                alarms = one.alarms or 0
                found.append(
                    UnderGoal(
                        f"{name}, its alarms",
                        one.false_verdict,
                        alarms - (one.false or 0),
                        alarms,
                        one.false_goal,
                        one.false_examples,
                    )
                )
        return tuple(found)

    def figure(self, library: str, code: str) -> Figure:
        """One figure. Raises KeyError when there is none of that name."""
        for figure in self.figures:
            if (figure.library, figure.code) == (library, code):
                return figure
        raise KeyError(f"{library}.{code}")

    def as_json(self) -> dict[str, Any]:
        """``{library: {figure: {right, total, share, goal, met, verdict}}, "defects": {library:
        {defect: {injected, caught, missed, set_aside, false, alarms, share, goal, false_goal, met,
        verdict, false_verdict}}}}``. A verdict is reached, undecided, missed or none.
        """
        found: dict[str, Any] = {}
        for figure in self.figures:
            found.setdefault(figure.library, {})[figure.code] = figure.as_json()
        defects: dict[str, Any] = {}
        for defect in self.defects:
            defects.setdefault(defect.library, {})[defect.defect] = defect.as_json()
        return {**found, "defects": defects}


def measure(
    connection: duckdb.DuckDBPyConnection, *, library: str, code: str, goal: float, rows: str
) -> Figure:
    """Count the rows of a query with columns ``is_right`` (boolean) and ``example`` (text).

    A null ``is_right`` is wrong. The examples are the first five misses by text.
    """
    connection.execute(f"create or replace temp table score_row as {rows}")
    counted = connection.execute(
        "select count(*) filter (where is_right), count(*) from score_row"
    ).fetchone()
    assert counted is not None  # noqa: S101 - an aggregate has one row
    misses = connection.execute(
        "select distinct example from score_row where is_right is distinct from true"
        f" order by example limit {EXAMPLES}"
    ).fetchall()
    connection.execute("drop table score_row")
    return Figure(
        library=library,
        code=code,
        right=int(counted[0]),
        total=int(counted[1]),
        goal=goal,
        examples=tuple(str(example) for (example,) in misses),
    )
