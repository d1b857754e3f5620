"""A kind of damage in the sources: how often it was injected, what the libraries made of it.

Keep out: what counts as caught (``defect_<library>.py`` says it per kind).
"""

from dataclasses import dataclass

import duckdb

from citybase.score.verdict import Verdict, judge

EXAMPLES = 3


@dataclass(frozen=True)
class DefectFigure:
    """One kind of damage of one library.

    ``injected`` counts what the truth knows of, ``caught`` those the library came through as it
    can, ``missed`` the others; ``set_aside`` are those, caught or missed, that were given to
    nobody and laid before a steward. ``false`` counts those of the library's ``alarms`` of this
    kind where nothing was injected; null where no alarm is raised. ``goal`` is the least share of
    caught, ``false_goal`` the least share of true alarms. What has no goal is shown, not judged.
    """

    library: str
    defect: str
    injected: int
    caught: int
    false: int | None
    goal: float | None
    examples: tuple[str, ...] = ()
    set_aside: int = 0
    alarms: int | None = None
    false_goal: float | None = None
    false_examples: tuple[str, ...] = ()

    @property
    def missed(self) -> int:
        """Injected and not caught."""
        return self.injected - self.caught

    @property
    def share(self) -> float:
        """Caught of injected, 0 to 1; 1 when none was injected."""
        return self.caught / self.injected if self.injected else 1.0

    @property
    def verdict(self) -> Verdict:
        """On what was caught."""
        return judge(right=self.caught, total=self.injected, goal=self.goal)

    @property
    def false_verdict(self) -> Verdict:
        """On the alarms."""
        alarms = self.alarms or 0
        return judge(right=alarms - (self.false or 0), total=alarms, goal=self.false_goal)

    @property
    def met(self) -> bool:
        """Neither of the two goals is missed."""
        return Verdict.MISSED not in (self.verdict, self.false_verdict)

    def as_json(self) -> dict[str, int | float | bool | str | None]:
        """The figure for a program."""
        return {
            "injected": self.injected,
            "caught": self.caught,
            "missed": self.missed,
            "set_aside": self.set_aside,
            "false": self.false,
            "alarms": self.alarms,
            "share": round(self.share, 6),
            "goal": self.goal,
            "false_goal": self.false_goal,
            "met": self.met,
            "verdict": self.verdict.value,
            "false_verdict": self.false_verdict.value,
        }


@dataclass(frozen=True)
class DefectKind:
    """What is expected of one kind of damage.

    ``caught`` is a SQL condition on the rows the library's module prepares. ``alarms`` is a query
    of the alarms that say "this kind", with columns ``is_false`` and ``example``, or null;
    ``false_goal`` is the least share of them that has to be true.
    """

    defect: str
    caught: str
    goal: float | None = None
    alarms: str | None = None
    false_goal: float | None = None


def measure_defects(
    connection: duckdb.DuckDBPyConnection,
    *,
    library: str,
    rows: str,
    kinds: tuple[DefectKind, ...],
) -> tuple[DefectFigure, ...]:
    """Count every kind over the relation ``rows``.

    Its columns: ``defect``, ``example``, ``is_set_aside``, and what the conditions read. Kinds that
    nobody injected are figures over nothing.
    """
    return tuple(_measured(connection, library=library, rows=rows, kind=kind) for kind in kinds)


def _measured(
    connection: duckdb.DuckDBPyConnection, *, library: str, rows: str, kind: DefectKind
) -> DefectFigure:
    counted = connection.execute(
        f"select count(*), count(*) filter (where {kind.caught}),"
        f" count(*) filter (where is_set_aside) from {rows} where defect = '{kind.defect}'"
    ).fetchone()
    assert counted is not None  # noqa: S101 - an aggregate has one row
    false, alarms = None, None
    false_examples: tuple[str, ...] = ()
    if kind.alarms:
        row = connection.execute(
            f"select count(*) filter (where is_false), count(*) from ({kind.alarms})"
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        false, alarms = (int(value) for value in row)
        if false:
            false_examples = _examples(connection, f"from ({kind.alarms}) where is_false")
    return DefectFigure(
        library=library,
        defect=kind.defect,
        injected=int(counted[0]),
        caught=int(counted[1]),
        false=false,
        goal=kind.goal,
        examples=_examples(
            connection,
            f"from {rows} where defect = '{kind.defect}' and ({kind.caught}) is distinct from true",
        ),
        set_aside=int(counted[2]),
        alarms=alarms,
        false_goal=kind.false_goal,
        false_examples=false_examples,
    )


def _examples(connection: duckdb.DuckDBPyConnection, rows: str) -> tuple[str, ...]:
    found = connection.execute(
        f"select distinct example {rows} order by example limit {EXAMPLES}"
    ).fetchall()
    return tuple(str(example) for (example,) in found)
