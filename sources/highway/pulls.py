"""Pulls: tables that have no log and are wanted in real time are asked again and again.

Only tables whose registry entry says ``update_cycle: real_time`` are; slower ones are for builds.
Keep out: how a table is read (``modes/``).
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from citybase.settings import Settings
from sources.contract import System
from sources.extract import extract_system
from sources.registry import Registry

PULL_SECONDS = 30.0
_TICK_SECONDS = 0.5


@dataclass(frozen=True)
class PullState:
    """What came of the last pull of each system that is pulled: its error, or None."""

    errors: Mapping[str, str | None] = field(default_factory=dict)


class Puller:
    """Pulls one system after the other: a source is asked by one of us at a time."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        *,
        stop: threading.Event,
        on_landed: Callable[[System, Mapping[str, int]], None],
        every_seconds: float = PULL_SECONDS,
    ) -> None:
        """``on_landed`` is told the rows that a pull landed, per table."""
        self._settings, self._registry = settings, registry
        self._stop, self._on_landed, self._every = stop, on_landed, every_seconds
        self.state = PullState()

    @property
    def tables(self) -> Mapping[str, list[str]]:
        """The tables to pull, by system."""
        found = {
            system.system: [
                table.table
                for table in system.tables
                if table.mode != "log" and table.update_cycle == "real_time"
            ]
            for system in self._registry.systems
        }
        return {system: tables for system, tables in found.items() if tables}

    def run(self) -> None:
        """Until ``stop``."""
        due = dict.fromkeys(self.tables, 0.0)
        while not self._stop.wait(_TICK_SECONDS):
            for system, tables in self.tables.items():
                if self._stop.is_set() or time.monotonic() < due[system]:
                    continue
                due[system] = time.monotonic() + self._pause(system)
                self._pull(system, tables)

    def _pause(self, code: str) -> float:
        limit = self._registry.system(code).rate_limit
        return max(self._every, (limit.seconds_between_pulls if limit else None) or 0)

    def _pull(self, code: str, tables: list[str]) -> None:
        result = extract_system(self._settings, code, tables=tables, registry=self._registry)
        landed = {one.table_code: one.rows_landed for one in result.receipts if not one.unchanged}
        if landed:
            self._on_landed(self._registry.system(code), landed)
        error = result.failures[0].message if result.failures else None
        self.state = PullState({**self.state.errors, code: error})
