"""One system's capture, kept going: begun, read, landed, and begun again after whatever broke it.

Keep out: several systems at once (``service.py``) and how a log is read (``captures.py``).
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb
import sqlalchemy as sa

from citybase.errors import CitybaseError
from citybase.masking import mask_numbers
from citybase.settings import Settings
from sources import ledger
from sources.contract import System
from sources.highway.captures import Begun, Capture, Retention, begin
from sources.highway.errors import CaptureRefusedError, PositionLostError
from sources.highway.micro_batch import Landed, Lander
from sources.highway.progress import SourceEvent, end_events, forget_stream, tell

INTERRUPTED, LOST, REFUSED, BEHIND = (
    "stream_interrupted",
    "position_lost",
    "capture_refused",
    "slot_behind",
)
# A source that lets us have half of what it may keep has half of it left to get well in.
ALARM_SHARE = 0.5
_WAIT_SECONDS = 0.5
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_RETENTION_SECONDS = 10.0


@dataclass(frozen=True)
class TableState:
    """What landed of one table since the service began; instants are UTC."""

    rows: int = 0
    quarantined: int = 0
    source_at: datetime | None = None
    landed_at: datetime | None = None

    @property
    def lag_seconds(self) -> float | None:
        """How old the newest change was when it landed; None before the first."""
        if self.source_at is None or self.landed_at is None:
            return None
        return (self.landed_at - self.source_at).total_seconds()


@dataclass(frozen=True)
class SystemState:
    """How one system's capture stands. ``phase``: begins, streams, waits (after an error), ends."""

    system_code: str
    phase: str = "begins"
    tables: dict[str, TableState] = field(default_factory=dict)
    error: str | None = None
    retention: Retention | None = None
    retention_at: datetime | None = None

    @property
    def lag_seconds(self) -> float | None:
        """That of its slowest table."""
        lags = [one.lag_seconds for one in self.tables.values()]
        return max((lag for lag in lags if lag is not None), default=None)


class Worker:
    """Captures one system until told to stop."""

    def __init__(
        self,
        settings: Settings,
        engine: sa.Engine,
        system: System,
        *,
        stop: threading.Event,
        on_landed: Callable[[System, Landed], None],
    ) -> None:
        """``on_landed`` is called after each micro-batch that is in the ledger."""
        self._settings, self._engine, self._system = settings, engine, system
        self._stop, self._on_landed = stop, on_landed
        codes = [table.table for table in system.tables if table.mode == "log"]
        self.state = SystemState(system.system, tables={code: TableState() for code in codes})

    def run(self) -> None:
        """Until ``stop``: an error is told, waited out, and the stream begun again from where the
        ledger says it is.
        """
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            try:
                begun = begin(self._settings, self._engine, self._system)
                with Lander(
                    self._settings, self._engine, self._system, wait=self._stop.wait
                ) as lander:
                    capture = begun.open()
                    try:
                        pause = _FIRST_PAUSE
                        self._streams(begun, capture, lander)
                    finally:
                        capture.close()
            except (CitybaseError, OSError, duckdb.Error, sa.exc.SQLAlchemyError) as error:
                self._broke(error)
                self._stop.wait(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                pause = min(pause * 2, _LONGEST_PAUSE)
        self.state = replace(self.state, phase="ends")

    def _streams(self, begun: Begun, capture: Capture, lander: Lander) -> None:
        # What is told comes first: whoever sees the phase may ask for the events.
        end_events(self._engine, self._system.system, INTERRUPTED, LOST, REFUSED)
        self.state = replace(self.state, phase="streams", error=None)
        asked_at = 0.0
        while not self._stop.is_set():
            batch = capture.next(lander, wait_seconds=_WAIT_SECONDS)
            if batch is not None:
                landed = lander.land(batch)
                capture.landed(batch)
                self._count(landed)
                if landed.tables:
                    self._on_landed(self._system, landed)
            if time.monotonic() - asked_at >= _RETENTION_SECONDS:
                asked_at = time.monotonic()
                self._watch(begun)

    def _count(self, landed: Landed) -> None:
        tables = dict(self.state.tables)
        for code, rows, quarantined in landed.by_table:
            known = tables[code]
            tables[code] = TableState(
                rows=known.rows + rows,
                quarantined=known.quarantined + quarantined,
                source_at=landed.source_at,
                landed_at=landed.committed_at,
            )
        self.state = replace(self.state, tables=tables)

    def _watch(self, begun: Begun) -> None:
        """What the source keeps for us, and an alarm while there is still time."""
        retention = begun.retention()
        self.state = replace(self.state, retention=retention, retention_at=ledger.now())
        if retention is None or retention.left_bytes is None:
            return
        total = retention.behind_bytes + retention.left_bytes
        if retention.behind_bytes < ALARM_SHARE * total:
            end_events(self._engine, self._system.system, BEHIND)
            return
        self._tell(
            BEHIND,
            f"keeps {retention.behind_bytes / total:.0%} of the log it will keep for us",
            "Look why the highway is behind (`citybase highway status`); when the source has kept "
            "all it will, changes are lost and a new snapshot is taken.",
        )

    def _broke(self, error: Exception) -> None:
        kind, message = INTERRUPTED, str(error)
        remedy = "The highway tries again by itself. Look at this machine: its disk, its memory."
        if isinstance(error, CitybaseError):
            message, remedy = error.message, error.remedy
        if isinstance(error, CaptureRefusedError):
            kind = REFUSED
        if isinstance(error, PositionLostError):
            kind = LOST
            forget_stream(self._engine, self._system.system)
        self._tell(kind, message, remedy)
        self.state = replace(self.state, phase="waits", error=mask_numbers(message))

    def _tell(self, kind: str, message: str, remedy: str) -> None:
        event = SourceEvent(
            system_code=self._system.system,
            table_code=None,
            kind=kind,
            message=mask_numbers(message),
            remedy=remedy,
            happened_at=ledger.now(),
        )
        tell(self._engine, event)
