"""Which capture reads which technology's log: the one place that chooses.

A capture is an open change stream of one system. Add a technology as a branch of ``begin``. Keep
out: how any of them reads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from citybase.settings import Settings, source_environment
from sources.connectors import open_source
from sources.contract import System
from sources.contract_connection import MysqlConnection, PostgresConnection
from sources.highway.binlog_capture import BinlogCapture, BinlogLog, binlog_log, followed
from sources.highway.change import MicroBatch
from sources.highway.errors import CaptureRefusedError
from sources.highway.micro_batch import Lander
from sources.highway.pg_capture import PostgresCapture, snapshot
from sources.highway.pg_slot import slot_state
from sources.highway.pg_source import PostgresLog


@dataclass(frozen=True)
class Retention:
    """What the source keeps for us: bytes not yet acknowledged, bytes until it gives up (None: it
    never does), and in its own words how that stands.
    """

    behind_bytes: int
    left_bytes: int | None
    status: str


class Capture(Protocol):
    """An open change stream of one system."""

    def next(self, lander: Lander, *, wait_seconds: float) -> MicroBatch | None:
        """The next whole transactions, or None when none came in time."""
        ...

    def landed(self, batch: MicroBatch) -> None:
        """The batch is safe with us."""
        ...

    @property
    def is_caught_up(self) -> bool:
        """Whether all is handed out that the source had committed when the stream was opened."""
        ...

    def close(self) -> None:
        """Leave the server."""
        ...


@dataclass(frozen=True)
class Begun:
    """A system whose stream has a place to go on from."""

    open: Callable[[], Capture]
    retention: Callable[[], Retention | None]


def log_systems(systems: tuple[System, ...]) -> tuple[System, ...]:
    """The systems that have a table in mode log."""
    return tuple(s for s in systems if any(table.mode == "log" for table in s.tables))


def begin(settings: Settings, engine: sa.Engine, system: System) -> Begun:
    """See that the system's stream has a place to go on from; at first that lands its snapshot.

    Raises:
        SourceError: it cannot be reached or is not set up for capture.
    """
    environment = source_environment(settings)
    with open_source(system, environment, has_city=settings.city_environment.exists()) as session:
        location = environment[system.connection.location_env]
        match system.connection:
            case PostgresConnection():
                log = PostgresLog(system, location)
                position = snapshot(settings, engine, session, log)
                return Begun(
                    open=lambda: PostgresCapture(log, position=position),
                    retention=lambda: _slot(log),
                )
            case MysqlConnection():
                followed_log = binlog_log(settings, system, location)
                at = followed(settings, engine, session, followed_log)
                return Begun(
                    open=lambda: BinlogCapture(engine, followed_log, at=at),
                    retention=lambda: _binary_log(followed_log),
                )
    raise CaptureRefusedError(
        f"{system.system} ({system.name}) is read by {system.connection.technology}, whose log is "
        "not captured.",
        remedy="Write another `mode:` for its tables.",
    )


def _slot(log: PostgresLog) -> Retention | None:
    state = slot_state(log)
    if state is None:
        return None
    return Retention(state.behind_bytes, state.left_bytes, state.wal_status)


def _binary_log(log: BinlogLog) -> Retention | None:
    """A MariaDB server removes its log by age, whoever still needs it."""
    found = log.behind()
    if found is None:
        return None
    days = found.expire_seconds / 86_400
    status = f"log kept {days:.1f} days" if found.expire_seconds else "log kept for ever"
    return Retention(found.behind_bytes, None, status)
