"""Compaction while streams land: now and then every log table is looked at, and one whose segments
come fast is at once.

Keep out: what compaction does (``sources/compaction.py``).
"""

import threading
import time

import duckdb
import sqlalchemy as sa

from citybase.errors import CitybaseError
from citybase.settings import Settings
from sources.compaction import compact, is_crowded, sweep_replaced
from sources.registry import Registry
from sources.tables import LandedTable, landed_table

EVERY_SECONDS = 10.0
_TICK_SECONDS = 1.0


class Compactor:
    """Keeps the log tables of an installation short."""

    def __init__(
        self,
        settings: Settings,
        engine: sa.Engine,
        registry: Registry,
        *,
        stop: threading.Event,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        """``every_seconds`` is the least time between two looks."""
        self._settings, self._engine, self._stop = settings, engine, stop
        self._every = every_seconds
        self._tables: list[LandedTable] = [
            landed_table(system, table)
            for system, table in registry.tables()
            if table.mode != "full"
        ]
        self.error: str | None = None

    def run(self) -> None:
        """Until ``stop``."""
        due = time.monotonic() + self._every
        while not self._stop.wait(_TICK_SECONDS):
            is_due = time.monotonic() >= due
            self._look(every=is_due)
            if is_due:
                due = time.monotonic() + self._every

    def _look(self, *, every: bool) -> None:
        """Compact what is crowded, or see whether ``every`` table needs it."""
        try:
            for table in self._tables:
                if self._stop.is_set():
                    return
                if every or is_crowded(self._engine, table):
                    compact(self._settings, self._engine, table)
            if every:
                sweep_replaced(self._settings, self._engine)
        except (CitybaseError, OSError, duckdb.Error, sa.exc.SQLAlchemyError) as error:
            # What was not compacted is longer and no less true; the next look tries again.
            self.error = str(error)
        else:
            self.error = None
