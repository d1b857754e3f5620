"""A kind of damage in the sources: how often it was injected, what the libraries made of it.

Keep out: what counts as caught (``defect_<library>.py`` says it per kind).
"""

from dataclasses import dataclass
from math import comb

import duckdb

EXAMPLES = 3
CHANCE = 0.01


@dataclass(frozen=True)
class DefectFigure:
    """One kind of damage of one library.

    ``injected`` counts what the truth knows of, ``caught`` those the library came through right or
    laid before a steward, ``missed`` the others. ``false`` counts alarms of this kind where nothing
    was injected; null where no alarm is raised. A kind without a goal is shown, not judged.
    """

    library: str
    defect: str
    injected: int
    caught: int
    false: int | None
    goal: float | None
    examples: tuple[str, ...] = ()

    @property
    def missed(self) -> int:
        """Injected and not caught."""
        return self.injected - self.caught

    @property
    def share(self) -> float:
        """Caught of injected, 0 to 1; 1 when none was injected."""
        return self.caught / self.injected if self.injected else 1.0

    @property
    def met(self) -> bool:
        """The goal is reached, there is none, or too few were injected to tell: as many misses
        would come by chance once in a hundred cities that reach it.
        """
        if self.goal is None or self.share >= self.goal:
            return True
        fewer = sum(
            comb(self.injected, n) * (1 - self.goal) ** n * self.goal ** (self.injected - n)
            for n in range(self.missed)
        )
        return 1 - fewer > CHANCE

    def as_json(self) -> dict[str, int | float | bool | None]:
        """The figure for a program."""
        return {
            "injected": self.injected,
            "caught": self.caught,
            "missed": self.missed,
            "false": self.false,
            "share": round(self.share, 6),
            "goal": self.goal,
            "met": self.met,
        }


@dataclass(frozen=True)
class DefectKind:
    """What is expected of one kind of damage.

    ``caught`` is a SQL condition on the rows the library's module prepares; ``false`` a query with
    one row and one column, or null.
    """

    defect: str
    caught: str
    goal: float | None = None
    false: str | None = None


def measure_defects(
    connection: duckdb.DuckDBPyConnection,
    *,
    library: str,
    rows: str,
    kinds: tuple[DefectKind, ...],
) -> tuple[DefectFigure, ...]:
    """Count every kind over the relation ``rows`` (columns ``defect`` and ``example``, and what
    the conditions read). Kinds that nobody injected are figures over nothing.
    """
    figures = []
    for kind in kinds:
        counted = connection.execute(
            f"select count(*), count(*) filter (where {kind.caught}) from {rows}"
            f" where defect = '{kind.defect}'"
        ).fetchone()
        assert counted is not None  # noqa: S101 - an aggregate has one row
        examples = connection.execute(
            f"select distinct example from {rows} where defect = '{kind.defect}'"
            f" and ({kind.caught}) is distinct from true order by example limit {EXAMPLES}"
        ).fetchall()
        alarms = connection.execute(kind.false).fetchone() if kind.false else None
        figures.append(
            DefectFigure(
                library=library,
                defect=kind.defect,
                injected=int(counted[0]),
                caught=int(counted[1]),
                false=int(alarms[0]) if alarms else None,
                goal=kind.goal,
                examples=tuple(str(example) for (example,) in examples),
            )
        )
    return tuple(figures)
