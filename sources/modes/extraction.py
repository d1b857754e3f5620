"""What every mode begins with: a held table, an engine to read with, rows typed or rejected.

Keep out: what is read and what becomes of it (the modes).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlalchemy as sa

from citybase.duck import connect
from citybase.settings import Settings
from sources import landing
from sources.attempt import Attempt, attempted
from sources.connectors import Reading, Session, Window
from sources.content import Content
from sources.contract import Table
from sources.lease import leased
from sources.segment import read_into
from sources.tables import LandedTable, landed_table

# A source is one stream. A second thread would only wait for it, and DuckDB waits by spinning:
# measured at up to 1.5 CPU-seconds per million rows. Systems are what runs side by side.
_THREADS = 1
_MEMORY = "1GB"
SOURCE = "source"


@dataclass(frozen=True)
class Extraction:
    """One table of an open source, held for the time of one batch. ``work`` is a private folder."""

    attempt: Attempt
    session: Session
    table: Table
    landed: LandedTable
    duck: duckdb.DuckDBPyConnection
    work: Path

    def read(self, table: Table | None = None, *, window: Window | None = None) -> Reading:
        """Prepare the read of the table, or of a part of its columns.

        Raises:
            SourceError: the table cannot be read or does not fit the registry.
        """
        return self.session.read(table or self.table, duck=self.duck, work=self.work, window=window)

    def into(self, scratch: Path, reading: Reading, *, landed: LandedTable | None = None) -> int:
        """Run a read into a scratch segment of typed and rejected rows; returns how many.

        Raises:
            SourceError: the read broke, or two counts of it disagree.
        """
        try:
            rows = read_into(
                scratch,
                duck=self.duck,
                reading=reading,
                table=landed or self.landed,
                patterns={column.column: column.format for column in self.table.columns},
                batch_id=self.attempt.batch_id,
                read_at=self.attempt.started_at,
            )
        except duckdb.Error as error:
            raise self.session.explained(self.table, error) from None
        if reading.rows_good is not None and reading.rows_good != rows:
            raise self.session.table_error(
                self.table,
                f"was read in two ways that disagree: {reading.rows_good} records counted, "
                f"{rows} rows read",
                remedy="Nothing was landed. Keep the file and report it as a defect of citybase.",
            )
        return rows

    def known_position(self, content: Content) -> Mapping[str, str]:
        """The position of the newest batch; none where another source has taken its place."""
        known = content.batches[-1].position if content.batches else {}
        there, before = self.session.identity(self.table), known.get(SOURCE)
        return {} if there and before and there != before else known

    def with_source(self, position: Mapping[str, str]) -> Mapping[str, str]:
        """A position, and of which source it is one."""
        there = self.session.identity(self.table)
        return {**position, SOURCE: there} if there else position

    @property
    def scratch(self) -> Path:
        """The scratch segment that becomes the batch."""
        return self.attempt.path(landing.scratch_segment)


@contextmanager
def extraction(
    settings: Settings, engine: sa.Engine, session: Session, table: Table
) -> Iterator[Extraction]:
    """Hold the table for one batch.

    Raises:
        LockedError: another process extracts it.
    """
    landed = landed_table(session.system, table)
    with (
        attempted(settings, engine, landed) as attempt,
        # A full extraction reads nothing of what has landed.
        nullcontext() if table.mode == "full" else leased(engine, f"extraction of {landed.name}"),
        landing.work_folder(settings, landed.system_code, landed.table_code) as work,
        connect(
            scratch=work / "spill",
            extensions=session.extensions,
            threads=_THREADS,
            memory_limit=_MEMORY,
        ) as duck,
    ):
        # The order of arrival decides which of two rows with one key came first.
        duck.execute("set preserve_insertion_order = true")
        yield Extraction(attempt, session, table, landed, duck, work)
