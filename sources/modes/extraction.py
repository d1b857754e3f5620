"""What every mode begins with: a held table, an engine to read with, rows typed or rejected.

Keep out: what is read and what becomes of it (the modes).
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import sqlalchemy as sa

from citybase.duck import connect
from citybase.settings import Settings
from sources import landing
from sources.attempt import Attempt, attempted
from sources.connectors import Reading, Session, Window
from sources.content import NOTHING, Content, table_content
from sources.contract import Table
from sources.lease import leased
from sources.segment import count_rows, read_into
from sources.tables import LandedTable, landed_table

# What a batch keeps of its source: every column known so far, the types of those it read, and which
# of all tables of that name it was.
KNOWN, LAYOUT, IDENTITY = "source_columns", "source_layout", "source_identity"
# A source is one stream. A second thread would only wait for it, and DuckDB waits by spinning:
# measured at up to 1.5 CPU-seconds per million rows. Systems are what runs side by side.
_THREADS = 1
_MEMORY = "1GB"


@dataclass(frozen=True)
class Extraction:
    """One table of an open source, held for the time of one batch. ``work`` is a private folder.
    ``source`` is what its batch keeps of the source's columns; ``is_mended`` says that these did
    not fit the registry until now.
    """

    attempt: Attempt
    session: Session
    table: Table
    landed: LandedTable
    duck: duckdb.DuckDBPyConnection
    work: Path
    source: Mapping[str, str] = field(default_factory=dict)
    is_mended: bool = False

    def content(self) -> Content:
        """What the table consists of; nothing where it has to be read whole: where the newest batch
        was landed in another mode, for other registry columns, of other types at the source or of
        another table that has its name now, behind columns that did not fit, and where landed
        files are damaged.
        """
        content = table_content(
            self.attempt.engine, self.landed.system_code, self.landed.table_code
        )
        if not content.batches or self.is_mended:
            return NOTHING
        last = content.batches[-1]
        before = [c for c in content.columns[last.schema_version] if not c.is_pending]
        now = [c for c in self.landed.columns if not c.is_pending]
        same = all(
            self.source[fact] == last.position[fact]
            for fact in (LAYOUT, IDENTITY)
            if fact in self.source and fact in last.position
        )
        fits = last.mode == self.table.mode and before == now and same
        return content if fits and self.is_intact(content) else NOTHING

    def is_intact(self, content: Content) -> bool:
        """Whether the files that make up the table are there and hold as many rows as the ledger
        says: what is compared with them would not find what they have lost.
        """
        try:
            return all(
                count_rows(landing.absolute(self.attempt.settings, one.files), duck=self.duck)
                == (one.rows_landed if one.files else 0)
                for one in content.batches
            )
        except duckdb.Error:
            return False

    def read(self, table: Table | None = None, *, window: Window | None = None) -> Reading:
        """Prepare the read of the table, or of a part of its columns.

        Raises:
            SourceError: the table cannot be read or does not fit the registry.
        """
        reading = self.session.read(
            table or self.table, duck=self.duck, work=self.work, window=window
        )
        return replace(reading, position={**reading.position, **self.source})

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

    @property
    def pending(self) -> tuple[str, ...]:
        """The source's names of columns that land although the registry does not know them."""
        codes = {column.code for column in self.landed.columns if column.is_pending}
        return tuple(c.source_name for c in self.table.columns if c.column in codes)

    @property
    def asked_for(self) -> str:
        """What rows depend on beside their source: keys, columns and how the source is read."""
        connection = self.session.system.connection
        asked = self.table.model_dump_json(include={"keys", "columns", "deleted", "source"})
        return hashlib.sha256((asked + connection.model_dump_json()).encode()).hexdigest()[:16]

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
