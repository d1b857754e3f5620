"""What the highway lands, told to Dagster without a run: a run costs seconds to start.

Keep out: the highway itself (`sources/highway/`).
"""

import threading
import time
from collections.abc import Mapping

import dagster as dg

from orchestration.assets.landing import landing_key
from sources.contract import System

# At most this often does an asset's history get a line.
REPORT_SECONDS = 30.0


class LandingReporter:
    """Collects what landed and reports one materialization per table and half minute."""

    def __init__(self, instance: dg.DagsterInstance, *, every_seconds: float = REPORT_SECONDS):
        """``instance`` is the installation's."""
        self._instance, self._every = instance, every_seconds
        self._rows: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._reported_at = time.monotonic()

    def landed(self, system: System, rows: Mapping[str, int]) -> None:
        """Rows have landed, per table of the system. Called from any thread."""
        with self._lock:
            for table, count in rows.items():
                key = (system.system, table)
                self._rows[key] = self._rows.get(key, 0) + count

    def report_due(self) -> None:
        """Report if it is time to."""
        if time.monotonic() - self._reported_at >= self._every:
            self.report()

    def report(self) -> None:
        """Report everything that has not been."""
        with self._lock:
            rows, self._rows = self._rows, {}
        self._reported_at = time.monotonic()
        for (system, table), count in rows.items():
            self._instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    landing_key(system, table),
                    description="landed by the highway",
                    metadata={"rows_landed": count},
                )
            )
