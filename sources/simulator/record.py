"""What is written down about a city that stands: ``plan.json`` in its folder.

Add here what has to be remembered between two commands. Keep out: what is true in the city
(``truth.py``).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from citybase.settings import Settings
from sources.simulator.apply_changes import Delivery
from sources.simulator.generate import TableContent
from sources.simulator.plan import CityError, CityPlan


@dataclass(frozen=True)
class CityRecord:
    """A completed city: its plan, what its systems hold, its deliveries of files.

    ``made_by`` is the generator's digest, ``made_from`` those of its systems' registry files.
    ``evolving_to`` is the day, in days since the base day, that an unfinished run was bringing it
    to; while it stands the systems are between two days.
    """

    plan: CityPlan
    tables: tuple[TableContent, ...]
    made_by: str
    made_from: Mapping[str, str]
    deliveries: tuple[Delivery, ...] = ()
    evolving_to: int | None = None

    def expected_rows(self) -> dict[tuple[str, str], int]:
        """Rows that a count of each table should find: of files, in the newest that has come."""
        return {(table.system, table.table): table.rows for table in self.tables} | {
            (delivery.system, delivery.table): delivery.held_rows for delivery in self.deliveries
        }


def plan_file(settings: Settings) -> Path:
    """Where the record stands."""
    return settings.city / "plan.json"


def write_record(settings: Settings, record: CityRecord) -> None:
    """Write the record; the file appears whole or not at all."""
    plan = record.plan
    text = json.dumps(
        {
            "seed": plan.seed,
            "scale": plan.scale,
            "today": plan.today.isoformat(),
            "elapsed_days": plan.elapsed_days,
            "evolving_to": record.evolving_to,
            "made_by": record.made_by,
            "made_from": dict(record.made_from),
            "tables": [asdict(table) for table in record.tables],
            "deliveries": [asdict(delivery) for delivery in record.deliveries],
        },
        indent=2,
    )
    path = plan_file(settings)
    fresh = path.with_suffix(".new")
    fresh.write_text(text + "\n", encoding="utf-8")
    fresh.replace(path)


def read_record(settings: Settings) -> CityRecord | None:
    """The record, null when there is none or it cannot be read."""
    path = plan_file(settings)
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return CityRecord(
            plan=CityPlan(
                seed=found["seed"],
                scale=found["scale"],
                today=date.fromisoformat(found["today"]),
                elapsed_days=found["elapsed_days"],
            ),
            tables=tuple(TableContent(**table) for table in found["tables"]),
            made_by=str(found["made_by"]),
            # An earlier version wrote no such thing; it was another generator too.
            made_from=found.get("made_from", {}),
            deliveries=tuple(Delivery(**delivery) for delivery in found["deliveries"]),
            evolving_to=found["evolving_to"],
        )
    except (ValueError, KeyError, TypeError, CityError):
        return None
