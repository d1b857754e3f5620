"""How the highway stands, as facts that a program or a screen can show.

Keep out: drawing it (the command line) and serving it (``health.py``).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from sources import ledger
from sources.highway.progress import open_events
from sources.highway.pulls import PullState
from sources.highway.worker import SystemState


class _Fact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableStatus(_Fact):
    """One table in mode log. ``lag_s`` is how long its last change took from the source's commit to
    the ledger; rows are counted since the service began. Instants are UTC.
    """

    table: str
    rows: int
    quarantined: int
    lag_s: float | None
    source_at: datetime | None
    landed_at: datetime | None


class SystemStatus(_Fact):
    """One log system. ``behind_bytes`` of its log wait for us; ``left_bytes`` more, and it gives
    up.
    """

    system: str
    phase: Literal["begins", "streams", "waits", "ends"]
    error: str | None
    lag_s: float | None
    behind_bytes: int | None
    left_bytes: int | None
    slot: str | None
    tables: tuple[TableStatus, ...]


class EventStatus(_Fact):
    """What an operator should know about a source, until it is over."""

    system: str
    table: str | None
    kind: str
    message: str
    remedy: str
    happened_at: datetime


class HighwayStatus(_Fact):
    """The whole service. ``healthy``: every log system streams, and neither a pull nor compaction
    failed.
    """

    healthy: bool
    begun_at: datetime
    at: datetime
    systems: tuple[SystemStatus, ...]
    pulls: Mapping[str, str | None]
    compaction_error: str | None
    events: tuple[EventStatus, ...]


def describe(
    engine: sa.Engine,
    systems: Sequence[SystemState],
    pulls: PullState,
    *,
    compaction_error: str | None,
    begun_at: datetime,
) -> HighwayStatus:
    """Everything there is to say at this moment."""
    return HighwayStatus(
        healthy=all(one.phase == "streams" for one in systems)
        and not any(pulls.errors.values())
        and compaction_error is None,
        begun_at=begun_at,
        at=ledger.now(),
        systems=tuple(_system(one) for one in systems),
        pulls=pulls.errors,
        compaction_error=compaction_error,
        events=tuple(
            EventStatus(
                system=event.system_code,
                table=event.table_code,
                kind=event.kind,
                message=event.message,
                remedy=event.remedy,
                happened_at=event.happened_at,
            )
            for event in open_events(engine)
        ),
    )


def _system(state: SystemState) -> SystemStatus:
    retention = state.retention
    return SystemStatus.model_validate(
        {
            "system": state.system_code,
            "phase": state.phase,
            "error": state.error,
            "lag_s": state.lag_seconds,
            "behind_bytes": retention.behind_bytes if retention else None,
            "left_bytes": retention.left_bytes if retention else None,
            "slot": retention.status if retention else None,
            "tables": [
                {
                    "table": code,
                    "rows": one.rows,
                    "quarantined": one.quarantined,
                    "lag_s": one.lag_seconds,
                    "source_at": one.source_at,
                    "landed_at": one.landed_at,
                }
                for code, one in state.tables.items()
            ],
        }
    )
