"""Reads an interface that answers with JSON: a table is the list at one path.

Every value arrives as text, or null, and is judged like that of any other source; an entry of the
list that is no record is set aside with a reason, like a broken line of a CSV file. Keep out:
requests (``http_client.py``), pages (``http_pages.py``) and JSON (``http_answer.py``).
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from citybase.duck import literal
from citybase.errors import SourceError
from sources.connectors.base import DAMAGE_PREFIX, LINE_COLUMN, Reading, Session, Window
from sources.connectors.http_answer import json_text, text_of
from sources.connectors.http_client import HttpClient, RequestError
from sources.connectors.http_pages import first_page, read_pages
from sources.contract import System, Table
from sources.contract_http import HttpConnection
from sources.conversion import NULL_KEY, UNDECODABLE

PLACE_COLUMN = "_place"
DELETED_COLUMN = "_is_deleted"
NOT_A_RECORD = "not_a_record"
UNCLEAR_DELETED = "unclear_deleted"

_DELETED = {"true": True, "1": True, "false": False, "0": False, "": False}
_GROUP_ROWS = 20_000
_MAX_SHOWN = 1 << 20
# Changes are few: a field that none of so many records has is gone, and not merely empty.
_ENOUGH_RECORDS = 100


@dataclass(frozen=True)
class Listing:
    """A list as it was read: ``file`` has its records with their place in it and whether they say
    of themselves that they are gone; ``since`` is the token of next time.
    """

    file: Path
    broken: Path
    rows: int
    rows_broken: int
    rows_deleted: int
    since: str | None
    requests: int
    readings: int


class HttpSession(Session):
    """One interface."""

    def __init__(
        self, system: System, location: str, connection: HttpConnection, *, token: str | None
    ) -> None:
        """Remember where it is; ``token`` is sent with every request.

        Raises:
            SourceError: the location is no URL, or the token is not set.
        """
        super().__init__(system, location)
        self._connection = connection
        if connection.token_env is not None and not token:
            raise self.system_error(
                f"has no token: {connection.token_env} is not set",
                remedy=f"Set {connection.token_env}: docs/adding-a-source.md, step 2.",
            )
        try:
            self._client = HttpClient(location, token=token)
        except RequestError as error:
            raise self.system_error(
                str(error), remedy=f"Correct {connection.location_env}. {error.remedy}"
            ) from None

    def close(self) -> None:
        """See ``Session.close``."""
        self._client.close()

    def inspect(self, table: Table) -> None:
        """See ``Session.inspect``."""
        with self._answering(table):
            records = first_page(self._client, self._connection, table.source_name)
        names = {name for record in records if isinstance(record, dict) for name in record}
        if records:
            self._refuse_missing(table, names)

    def columns(self, table: Table) -> Mapping[str, str]:  # noqa: ARG002
        """See ``Session.columns``: nobody says. A record may leave out a field that others have;
        one that none has is found missing when they are read.
        """
        return {}

    def read(
        self,
        table: Table,
        *,
        duck: duckdb.DuckDBPyConnection,  # noqa: ARG002
        work: Path,
        window: Window | None = None,  # noqa: ARG002
    ) -> Reading:
        """See ``Session.read``."""
        listing = self.listing(table, work=work)
        return Reading(
            sql=f"select * exclude ({PLACE_COLUMN}, {DELETED_COLUMN}) "
            f"from read_parquet({literal(str(listing.file))}) where not {DELETED_COLUMN}",
            position={"requests": str(listing.requests), "readings": str(listing.readings)},
            broken=listing.broken,
            rows_broken=listing.rows_broken,
            rows_good=listing.rows - listing.rows_deleted,
        )

    def listing(self, table: Table, *, work: Path, since: str | None = None) -> Listing:
        """Read the list of a table to its end, or its changes ``since`` a token.

        Raises:
            SourceError: it cannot be read or does not fit the registry.
        """
        opened: list[_Writer] = []

        def sink() -> _Writer:
            opened.append(_Writer(table, work, len(opened)))
            return opened[-1]

        try:
            with self._answering(table):
                walk, writer, readings = read_pages(
                    self._client,
                    self._connection,
                    table.source_name,
                    since=since,
                    sink=sink,
                )
        finally:
            for one in opened:
                one.close()
        if writer.rows >= (1 if since is None else _ENOUGH_RECORDS):
            self._refuse_missing(table, writer.names)
        return Listing(
            file=writer.file,
            broken=writer.broken_file,
            rows=writer.rows,
            rows_broken=writer.broken,
            rows_deleted=writer.deleted,
            since=walk.since,
            requests=walk.requests,
            readings=readings,
        )

    @contextmanager
    def _answering(self, table: Table) -> Iterator[None]:
        try:
            yield
        except RequestError as error:
            raise self._explained(table, error) from None

    def _explained(self, table: Table, error: RequestError) -> SourceError:
        return self.table_error(table, str(error), remedy=f"{error.remedy} {self.owner}")

    def _refuse_missing(self, table: Table, names: set[str]) -> None:
        missing = [column for column in table.columns if column.source_name not in names]
        if missing:
            raise self.missing_columns(table, missing, sorted(names))


class _Writer:
    """Writes the records of one reading as texts, and beside them the entries that are none."""

    def __init__(self, table: Table, work: Path, number: int) -> None:
        self.file = work / f"records.{number}.parquet"
        self.broken_file = work / f"broken.{number}.csv"
        self.rows = self.broken = self.deleted = 0
        self.names: set[str] = set()
        self._table = table
        self._keys = [table.column(key).source_name for key in table.keys]
        self._place = 0
        self._held: list[dict[str, object]] = []
        self._schema = pa.schema(
            [
                (LINE_COLUMN, pa.string()),
                (PLACE_COLUMN, pa.int64()),
                (DELETED_COLUMN, pa.bool_()),
                *((column.column, pa.string()) for column in table.columns),
                *((DAMAGE_PREFIX + column.column, pa.string()) for column in table.columns),
            ]
        )
        self._parquet = pq.ParquetWriter(self.file, self._schema)
        self._broken_text = self.broken_file.open("w", encoding="utf-8", newline="")
        self._broken = csv.writer(self._broken_text, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def take(self, records: list[object]) -> None:
        """The records of one page."""
        for record in records:
            self._place += 1
            if not isinstance(record, dict):
                self._set_aside(record, NOT_A_RECORD)
                continue
            is_deleted = self._is_deleted(record)
            if is_deleted is None:
                self._set_aside(record, UNCLEAR_DELETED)
            elif is_deleted and any(record.get(name) is None for name in self._keys):
                self._set_aside(record, NULL_KEY)
            else:
                self.names.update(record)
                self._held.append(self._row(record, is_deleted=is_deleted))
                self.rows += 1
                self.deleted += is_deleted
        if len(self._held) >= _GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Complete both files."""
        if self._broken_text.closed:
            return
        self._flush()
        self._parquet.close()
        self._broken_text.close()

    def discard(self) -> None:
        """Remove both files: another reading counts."""
        self.close()
        self.file.unlink()
        self.broken_file.unlink()

    def _set_aside(self, record: object, reason: str) -> None:
        raw, _ = _encodable(json_text(record))
        self._broken.writerow([self._place, raw[:_MAX_SHOWN], reason])
        self.broken += 1

    def _flush(self) -> None:
        self._parquet.write_table(pa.Table.from_pylist(self._held, schema=self._schema))
        self._held = []

    def _is_deleted(self, record: dict[str, object]) -> bool | None:
        """Whether a record says of itself that it is gone; None where nobody can tell."""
        if self._table.deleted is None:
            return False
        said = text_of(record.get(self._table.deleted), column_type="varchar") or ""
        return _DELETED.get(said.strip().lower())

    def _row(self, record: dict[str, object], *, is_deleted: bool) -> dict[str, object]:
        row: dict[str, object] = {
            LINE_COLUMN: str(self._place),
            PLACE_COLUMN: self._place,
            DELETED_COLUMN: is_deleted,
        }
        for column in self._table.columns:
            value = text_of(record.get(column.source_name), column_type=column.type)
            if value is not None and not value.isascii():
                value, is_damaged = _encodable(value)
                if is_damaged:
                    row[DAMAGE_PREFIX + column.column] = UNDECODABLE
            row[column.column] = value
        return row


def _encodable(text: str) -> tuple[str, bool]:
    """A text as UTF-8 can hold it, and whether half a character had to be escaped for that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode(), True
    return text, False
