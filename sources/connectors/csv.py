"""Reads a folder that receives CSV files. An empty field is null.

Many a CSV file was saved by Excel: a text such as ``3.71302E+17`` was a number whose digits are
gone, and its row is refused. Keep out: which file counts (``drop.py``), decoding and broken records
(``transcribe.py``).
"""

from collections.abc import Mapping
from pathlib import Path

from citybase.duck import literal, quoted
from sources.connectors.base import DAMAGE_PREFIX, LINE_COLUMN, Reading
from sources.connectors.drop import DropSession
from sources.connectors.excel_value import NUMBER_DAMAGED, SCIENTIFIC
from sources.connectors.transcribe import Header, read_csv, read_header, transcribe
from sources.contract import System, Table
from sources.contract_connection import CsvConnection


class CsvSession(DropSession):
    """One drop folder of CSV files."""

    unreadable_remedy = (
        "Check `encoding:` and `delimiter:` in the registry (utf-8, gb18030) against the file."
    )

    def __init__(self, system: System, folder: Path, connection: CsvConnection) -> None:
        """Check that the folder is there. Raises SourceError when it is not."""
        super().__init__(system, folder)
        self._connection = connection

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        self._header(table, self.newest(table))

    def columns(self, table: Table) -> Mapping[str, str]:
        """See ``Session.columns``."""
        names = self._read_header(table, self.newest(table)).names
        return {name: "text" for name in names if name}

    def read_file(self, table: Table, file: Path, *, work: Path) -> Reading:
        """See ``DropSession.read_file``."""
        header = self._header(table, file)
        clean, broken = work / "clean.csv", work / "broken.json"
        with self.unchanged(table, file) as position, self.readable(table, file):
            transcript = transcribe(
                file,
                clean=clean,
                broken=broken,
                header=header,
                delimiter=self._connection.delimiter,
            )
        return Reading(
            sql=self._select(table, header, clean),
            position=position,
            broken=broken,
            rows_broken=transcript.broken,
            rows_good=transcript.good,
        )

    def _read_header(self, table: Table, file: Path) -> Header:
        with self.readable(table, file):
            return read_header(
                file, encoding=self._connection.encoding, delimiter=self._connection.delimiter
            )

    def _header(self, table: Table, file: Path) -> Header:
        header = self._read_header(table, file)
        self.refuse_twice(table, file, header.names)
        missing = [column for column in table.columns if column.source_name not in header.names]
        if missing:
            raise self.missing_columns(table, missing, header.names)
        return header

    def _select(self, table: Table, header: Header, clean: Path) -> str:
        names = [LINE_COLUMN, *(f"f{number}" for number in range(len(header.names)))]
        places = [(header.names.index(c.source_name), c) for c in table.columns]
        fields = [f"f{place} as {quoted(column.column)}" for place, column in places]
        fields += [
            f"case when contains(f{place}, 'E+') and regexp_full_match(f{place}, "
            f"{literal(SCIENTIFIC)}) then {literal(NUMBER_DAMAGED)} end "
            f"as {quoted(DAMAGE_PREFIX + column.column)}"
            for place, column in places
            if column.type == "varchar"
        ]
        return f"select {', '.join(fields)}, {LINE_COLUMN} from {read_csv(clean, names)}"
