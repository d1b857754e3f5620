"""Reads a folder that receives CSV files: the newest delivery of a table is its whole content.

A table's ``source:`` is the pattern of its file names; of several the last by name counts, so names
carry the date. An empty field is null. Keep out: decoding and broken records
(``transcribe.py``).
"""

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from citybase.duck import quoted
from sources.connectors.base import LINE_COLUMN, Reading, Session
from sources.connectors.transcribe import (
    Header,
    UnreadableFileError,
    read_csv,
    read_header,
    transcribe,
)
from sources.contract import CsvConnection, System, Table


class CsvSession(Session):
    """One drop folder."""

    def __init__(self, system: System, folder: Path, connection: CsvConnection) -> None:
        """Check that the folder is there. Raises SourceError when it is not."""
        super().__init__(system, str(folder))
        self._folder = folder
        self._connection = connection
        if not folder.is_dir():
            raise self.system_error(f"has no folder {folder}")

    def close(self) -> None:
        """Nothing is open between two reads."""

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        self._header(table, self._newest(table))

    def read(self, table: Table, *, duck: duckdb.DuckDBPyConnection, work: Path) -> Reading:  # noqa: ARG002
        """See ``Session.read``."""
        file = self._newest(table)
        header = self._header(table, file)
        before = file.stat()
        clean, broken = work / "clean.csv", work / "broken.json"
        try:
            transcript = transcribe(
                file,
                clean=clean,
                broken=broken,
                header=header,
                delimiter=self._connection.delimiter,
            )
        except UnreadableFileError as error:
            raise self._unreadable(table, file, error) from None
        after = file.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise self.table_error(
                table,
                f"is still being written: {file.name} changed while it was read",
                remedy="Extract again when the delivery is complete.",
            )
        return Reading(
            sql=self._select(table, header, clean),
            position={
                "file": file.name,
                "bytes": str(before.st_size),
                "modified_at": datetime.fromtimestamp(before.st_mtime, UTC).isoformat(),
            },
            broken=broken,
            rows_broken=transcript.broken,
            rows_good=transcript.good,
        )

    def without_secret(self, text: str) -> str:
        """The first line of a foreign message; the path of a folder is no secret."""
        return text.strip().splitlines()[0][:300] if text.strip() else "no message"

    def _newest(self, table: Table) -> Path:
        files = sorted(path for path in self._folder.glob(table.source_name) if path.is_file())
        if not files:
            others = sum(1 for path in self._folder.iterdir() if path.is_file())
            raise self.table_error(
                table,
                f"has no file in {self._folder} (which holds {others} files of other names)",
                remedy=f"Have the file delivered, or correct the pattern in `source:`. "
                f"{self.owner}",
            )
        return files[-1]

    def _header(self, table: Table, file: Path) -> Header:
        try:
            header = read_header(
                file, encoding=self._connection.encoding, delimiter=self._connection.delimiter
            )
        except UnreadableFileError as error:
            raise self._unreadable(table, file, error) from None
        except OSError as error:
            raise self.table_error(
                table,
                f"cannot be read: {file.name}: {error.strerror}",
                remedy="Make the file readable for this user.",
            ) from None
        twice = sorted({name for name in header.names if header.names.count(name) > 1})
        if twice:
            raise self.table_error(
                table,
                f"has column {twice[0] or '(no name)'} twice in the header of {file.name}",
                remedy=f"Have it delivered with each column once. {self.owner}",
            )
        missing = [column for column in table.columns if column.source_name not in header.names]
        if missing:
            raise self.missing_columns(table, missing, header.names)
        return header

    def _unreadable(self, table: Table, file: Path, error: UnreadableFileError) -> Exception:
        return self.table_error(
            table,
            f"cannot be read: {file.name} {error}",
            remedy="Check `encoding:` and `delimiter:` in the registry (utf-8, gb18030) against "
            f"the file. {self.owner}",
        )

    def _select(self, table: Table, header: Header, clean: Path) -> str:
        names = [LINE_COLUMN, *(f"f{number}" for number in range(len(header.names)))]
        fields = ", ".join(
            f"f{header.names.index(column.source_name)} as {quoted(column.column)}"
            for column in table.columns
        )
        return f"select {fields}, {LINE_COLUMN} from {read_csv(clean, names)}"
