"""One extraction of one table under way: from the rows as read to the committed batch.

The order is what makes a kill harmless: split the scratch segment if any row is bad, make the files
durable, then commit one ledger row; whatever was written before that is an orphan, which the next
extraction of the table sweeps. Keep out: where rows come from (``extract.py``).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import sqlalchemy as sa

from citybase.errors import CitybaseError
from citybase.masking import mask_numbers
from citybase.settings import Settings
from sources import landing, ledger, schema_version
from sources.connectors import Reading
from sources.ledger import Batch, Kind
from sources.segment import (
    Measure,
    count_quarantined,
    count_rows,
    land_good_rows,
    measure,
    quarantine_bad_rows,
)
from sources.tables import LandedTable


@dataclass(frozen=True)
class Refusal:
    """A part of a table that could not be read, while the rest landed."""

    message: str
    remedy: str


@dataclass(frozen=True)
class Receipt:
    """A committed batch. ``unchanged``: it says what the batch before said and shares its files.
    ``pending`` are columns of the source that landed although the registry does not know them,
    ``resent`` files that were passed over because their content had come before.
    """

    system_code: str
    table_code: str
    batch_id: int
    mode: str
    rows_read: int
    rows_landed: int
    rows_quarantined: int
    unchanged: bool
    seconds: float
    pending: tuple[str, ...] = ()
    resent: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One extraction under way."""

    settings: Settings
    engine: sa.Engine
    table: LandedTable
    batch_id: int
    started_at: datetime

    def path(self, place: Callable[[Settings, str, str, int], Path]) -> Path:
        """Where one of its files goes; ``place`` is a function of ``landing``."""
        return place(self.settings, self.table.system_code, self.table.table_code, self.batch_id)


@dataclass(frozen=True)
class Written:
    """The final files of a batch, and what was measured in them."""

    segments: list[Path]
    quarantined: list[Path]
    found: Measure
    rejected_checksum: int


@contextmanager
def attempted(settings: Settings, engine: sa.Engine, table: LandedTable) -> Iterator[Attempt]:
    """Hold the table, clear what a killed extraction left, and note how this one ends."""
    with landing.table_lock(settings, table.system_code, table.table_code):
        landing.sweep_table(settings, engine, table.system_code, table.table_code)
        attempt = Attempt(
            settings, engine, table, ledger.begin_attempt(engine, table), ledger.now()
        )
        # Before the attempt may fail: a failed one sweeps the files of its number.
        try:
            landing.refuse_existing(
                attempt.path(place)
                for place in (
                    landing.segment,
                    landing.scratch_segment,
                    landing.quarantine_segment,
                )
            )
        except CitybaseError as error:
            ledger.end_attempt(engine, attempt.batch_id, error=error.message)
            raise
        try:
            yield attempt
        except BaseException as error:
            ledger.end_attempt(
                engine, attempt.batch_id, error=mask_numbers(str(error)) or type(error).__name__
            )
            landing.sweep_table(settings, engine, table.system_code, table.table_code)
            raise


def land(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    *,
    reading: Reading,
    rows: int,
    kind: Kind = "base",
    position: Callable[[Measure], Mapping[str, str]] | None = None,
) -> Receipt:
    """Turn the scratch segment into final files and commit them. As a log they are rows that nobody
    had before.

    ``position`` adds to the source's position what only the landed rows tell.
    """
    table = attempt.table
    scratch = attempt.path(landing.scratch_segment)
    segment = attempt.path(landing.segment)
    quarantine = attempt.path(landing.quarantine_segment)
    found = measure(scratch, duck=duck, table=table, rejects=True)
    quarantined: list[Path] = []
    rejected_checksum = 0
    if found.clean and not reading.rows_broken:
        scratch.rename(segment)
    else:
        land_good_rows(scratch, segment, duck=duck, table=table, repeats=found.repeats)
        rejected_checksum = quarantine_bad_rows(
            scratch,
            quarantine,
            duck=duck,
            table=table,
            reading=reading,
            rows=rows,
            batch_id=attempt.batch_id,
        )
        quarantined = [quarantine]
        scratch.unlink()
        found = measure(segment, duck=duck, table=table, rejects=False)
    batch = made_batch(
        attempt,
        duck,
        kind=kind,
        position={**reading.position, **(position(found) if position else {})},
        written=Written([segment], quarantined, found, rejected_checksum),
    )
    if kind == "log":
        batch = replace(batch, rows_held=_held_with(attempt, batch.rows_landed))
    if batch.rows_read != rows + reading.rows_broken:
        raise AssertionError(
            f"{table.name}: {rows + reading.rows_broken} rows read, {batch.rows_read} landed or "
            "quarantined"
        )
    return committed(attempt, duck, batch)


def made_batch(
    attempt: Attempt,
    duck: duckdb.DuckDBPyConnection,
    *,
    kind: Kind,
    position: Mapping[str, str],
    written: Written,
    rows_unchanged: int = 0,
    rows_held: int | None = None,
) -> Batch:
    """The ledger row of files that are written; what they hold is counted in the files.

    ``rows_held`` is said of a log batch; behind a base the table has the rows that landed.
    """
    found = written.found
    landed = count_rows(written.segments, duck=duck)
    rejected = count_quarantined(written.quarantined, duck=duck)
    return Batch(
        batch_id=attempt.batch_id,
        system_code=attempt.table.system_code,
        table_code=attempt.table.table_code,
        mode=attempt.table.mode,
        kind=kind,
        position=position,
        files=tuple(landing.relative(attempt.settings, file) for file in written.segments),
        quarantine_files=tuple(
            landing.relative(attempt.settings, file) for file in written.quarantined
        ),
        rows_read=landed + rejected,
        rows_landed=landed,
        rows_quarantined=rejected,
        rows_unchanged=rows_unchanged,
        rows_held=landed if kind == "base" else rows_held,
        min_watermark=found.min_watermark,
        max_watermark=found.max_watermark,
        checksum=f"{found.checksum:x}+{written.rejected_checksum:x}",
        schema_version=0,
        started_at=attempt.started_at,
        committed_at=attempt.started_at,
    )


def committed(attempt: Attempt, duck: duckdb.DuckDBPyConnection, batch: Batch) -> Receipt:
    """Commit a batch; one that says what the batch before it said shares that batch's files, unless
    those have been damaged since.
    """
    new_files = landing.absolute(attempt.settings, (*batch.files, *batch.quarantine_files))
    before = ledger.last_batch(attempt.engine, batch.system_code, batch.table_code)
    unchanged = (
        before is not None and _same(attempt, before, batch) and _stands(attempt, duck, before)
    )
    if before is not None and unchanged:
        batch = replace(batch, files=before.files, quarantine_files=before.quarantine_files)
    else:
        for file in new_files:
            landing.make_durable(attempt.settings, file)
    batch = ledger.commit(attempt.engine, attempt.table, batch)
    if unchanged:
        for file in new_files:
            file.unlink()
    return Receipt(
        system_code=batch.system_code,
        table_code=batch.table_code,
        batch_id=batch.batch_id,
        mode=batch.mode,
        rows_read=batch.rows_read,
        rows_landed=batch.rows_landed,
        rows_quarantined=batch.rows_quarantined,
        unchanged=unchanged or (batch.kind == "log" and batch.rows_read == 0),
        seconds=(batch.committed_at - batch.started_at).total_seconds(),
    )


def _held_with(attempt: Attempt, rows_added: int) -> int | None:
    table = attempt.table
    before = ledger.last_batch(attempt.engine, table.system_code, table.table_code)
    if before is None:
        return rows_added
    return None if before.rows_held is None else before.rows_held + rows_added


def _same(attempt: Attempt, before: Batch, batch: Batch) -> bool:
    return (
        batch.kind == "base"
        and before.kind == "base"
        and before.checksum == batch.checksum
        and before.rows_landed == batch.rows_landed
        and before.rows_quarantined == batch.rows_quarantined
        and schema_version.declared_columns(
            attempt.engine, before.system_code, before.table_code, before.schema_version
        )
        == attempt.table.columns
    )


def _stands(attempt: Attempt, duck: duckdb.DuckDBPyConnection, batch: Batch) -> bool:
    """Whether the files of a batch are there and hold as many rows as the ledger says."""
    segments = landing.absolute(attempt.settings, batch.files)
    quarantined = landing.absolute(attempt.settings, batch.quarantine_files)
    try:
        return (
            count_rows(segments, duck=duck) == batch.rows_landed
            and count_quarantined(quarantined, duck=duck) == batch.rows_quarantined
        )
    except duckdb.Error:
        return False
