"""A log captured once: everything that has been committed by now, for builds without a highway.

Where a highway runs it lands by itself, and there is nothing to do. Keep out: the service.
"""

import time
from contextlib import suppress

import sqlalchemy as sa

from citybase.errors import LockedError
from citybase.settings import Settings
from sources import ledger
from sources.attempt import Receipt
from sources.contract import System
from sources.highway.captures import begin
from sources.highway.errors import PositionLostError, StreamInterruptedError
from sources.highway.micro_batch import Lander
from sources.highway.progress import forget_stream

_QUIET_SECONDS = 0.5
# A large value may be on its way for longer than a moment.
_LONGEST_SECONDS = 30.0


def capture_once(settings: Settings, engine: sa.Engine, system: System) -> tuple[Receipt, ...]:
    """Land what the log holds, up to a moment of quiet; one receipt for each table in mode log.

    Raises:
        SourceError: the source cannot be reached or is not set up for capture.
    """
    codes = [table.table for table in system.tables if table.mode == "log"]
    before = {code: ledger.last_batch(engine, system.system, code) for code in codes}
    started = ledger.now()
    counts = dict.fromkeys(codes, (0, 0))
    with suppress(LockedError):
        # Where the highway holds these tables, whatever is there has landed or is about to.
        _land_all(settings, engine, system, counts)
    seconds = (ledger.now() - started).total_seconds()
    receipts = []
    for code in codes:
        last = ledger.last_batch(engine, system.system, code)
        if last is None:
            continue
        first = before[code] is None
        landed = last.rows_landed if first and not any(counts[code]) else counts[code][0]
        receipts.append(
            Receipt(
                system_code=system.system,
                table_code=code,
                batch_id=last.batch_id,
                mode="log",
                rows_read=landed + counts[code][1],
                rows_landed=landed,
                rows_quarantined=counts[code][1],
                unchanged=not first and not any(counts[code]),
                seconds=seconds,
            )
        )
    return tuple(receipts)


def _land_all(
    settings: Settings, engine: sa.Engine, system: System, counts: dict[str, tuple[int, int]]
) -> None:
    """``_drain``, begun again where a table has to be read anew, or all of them."""
    for left in reversed(range(len(counts) + 1)):
        try:
            _drain(settings, engine, system, counts)
        except PositionLostError:
            forget_stream(engine, system.system)
            if not left:
                raise
        except StreamInterruptedError:
            # Of a table that has to be read anew the stream forgets the place, and ends.
            if not left:
                raise
        else:
            return


def _drain(
    settings: Settings, engine: sa.Engine, system: System, counts: dict[str, tuple[int, int]]
) -> None:
    """Land what has been committed; ``counts`` are rows landed and quarantined, per table."""
    begun = begin(settings, engine, system)
    with Lander(settings, engine, system) as lander:
        capture = begun.open()
        try:
            heard_at = time.monotonic()
            while True:
                batch = capture.next(lander, wait_seconds=_QUIET_SECONDS)
                if batch is None:
                    if capture.is_caught_up or time.monotonic() > heard_at + _LONGEST_SECONDS:
                        return
                    continue
                heard_at = time.monotonic()
                for code, landed, quarantined in lander.land(batch).by_table:
                    counts[code] = (counts[code][0] + landed, counts[code][1] + quarantined)
                capture.landed(batch)
        finally:
            capture.close()
