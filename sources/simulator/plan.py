"""The plan of a city: the four numbers everything else follows from.

Add a field here when two cities of the same seed, scale and day should differ by it. Keep out:
prevalences of defects (they are fixed in ``defects.py`` and documented, not chosen per run).
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path

from citybase.errors import CitybaseError

RESIDENTS_AT_SCALE_1 = 11_000_000
DEFAULT_TODAY = dt.date(2025, 12, 31)
# Hazards are constant: after two years the people would no longer be those of a city.
MAXIMAL_ELAPSED_DAYS = 730


class CityError(CitybaseError):
    """The synthetic city cannot be planned, built, started or read."""


@dataclass(frozen=True)
class CityPlan:
    """What to generate: two equal plans give equal content, row for row.

    ``scale`` 1 is the whole city of 11,000,000 people; ``today`` is the base day, on which the city
    was made. It is a fixed day by default, so that a demonstration repeated tomorrow shows the same
    city. ``elapsed_days`` is how long the city has lived since: what happens after the base day
    depends on the plan alone, so 3 days and then 2 more are the same city as 5 days.
    """

    seed: int = 1
    scale: float = 0.001
    today: dt.date = DEFAULT_TODAY
    elapsed_days: int = 0

    def __post_init__(self) -> None:
        """Refuse plans that cannot be a city.

        Raises:
            CityError: seed, scale or day out of range.
        """
        if not 0 <= self.seed < 2**31:
            raise CityError(
                f"Seed {self.seed} is out of range.",
                remedy="Write a whole number from 0 to 2^31-1.",
            )
        if not 0.00005 <= self.scale <= 1:
            raise CityError(
                f"Scale {self.scale} is out of range.",
                remedy="Write 0.00005 (550 residents) to 1 (11,000,000 residents).",
            )
        if not dt.date(2024, 1, 1) <= self.today <= dt.date(2060, 12, 31):
            raise CityError(
                f"The city's day {self.today} is out of range.",
                remedy="Write a day from 2024-01-01 to 2060-12-31.",
            )
        if not 0 <= self.elapsed_days <= MAXIMAL_ELAPSED_DAYS:
            raise CityError(
                f"{self.elapsed_days} days of life since the base day are out of range.",
                remedy=f"A city lives 0 to {MAXIMAL_ELAPSED_DAYS} days; make one of a later day by"
                " `citybase city create --today`.",
            )

    @property
    def now(self) -> dt.date:
        """The last day anybody wrote something down."""
        return self.today + dt.timedelta(days=self.elapsed_days)

    @property
    def residents(self) -> int:
        """People in the city on the base day, those who died in the last years included."""
        return round(RESIDENTS_AT_SCALE_1 * self.scale)

    def count(self, *, per_million_residents: int) -> int:
        """A number that grows with the city, never below 1."""
        return max(1, round(self.residents * per_million_residents / 1_000_000))


def generator_digest() -> str:
    """A digest of the generator's own files: a changed generator makes another city."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
