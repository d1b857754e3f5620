"""Reads a list that comes in pages, and makes sure that no row was lost or doubled meanwhile.

Rows shift from page to page when somebody writes between two requests. So a list of more than one
page is read until the next reading finds every page again as it was, and at most new records behind
them: then each of them was so when the last was read, and the reading is of that one moment. A
single one is enough where the answers bear the mark of a snapshot, or where the department vouches
for its pages (``steady``). Keep out: single requests (``http_client.py``) and what records say
(``http.py``).
"""

import hashlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sources.connectors.http_answer import MISSING, Number, at, parsed
from sources.connectors.http_client import HttpClient, RequestError
from sources.contract_http import HttpConnection

MAX_PAGES = 100_000
# So often a list is read in the hope that it stands still.
MAX_WALKS = 6
_SHOWN_NAMES = 8


class Sink(Protocol):
    """Takes the records of one reading, page by page."""

    def take(self, records: list[object]) -> None:
        """The records of the next page."""

    def discard(self) -> None:
        """Forget them: the reading does not count."""


AnySink = TypeVar("AnySink", bound=Sink)


@dataclass
class Walk:
    """One reading of all pages: a mark of each record, what the answers say beside them, and the
    token of the first one.
    """

    requests: int = 0
    marks: "array[int]" = field(default_factory=lambda: array("Q"))
    totals: set[str] = field(default_factory=set)
    snapshots: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    since: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the answers count as many records as came, where they count."""
        return not self.totals or self.totals == {str(len(self.marks))}


def read_pages(
    client: HttpClient,
    connection: HttpConnection,
    path: str,
    *,
    since: str | None,
    sink: Callable[[], AnySink],
) -> tuple[Walk, AnySink, int]:
    """Read a list, or with ``since`` its changes. Returns the reading that counts, the sink that
    has its records, and how many readings it took.

    Raises:
        RequestError: an answer is none, or the list did not stand still.
    """
    before: tuple[Walk, AnySink] | None = None
    for number in range(1, MAX_WALKS + 1):
        records = sink()
        walk = _walk(client, connection, path, since=since, sink=records)
        if walk.is_whole and _is_one_moment(walk, connection):
            if before is not None:
                before[1].discard()
            return walk, records, number
        if before is not None:
            earlier, kept = before
            if earlier.is_whole and walk.marks[: len(earlier.marks)] == earlier.marks:
                records.discard()
                return earlier, kept, number
            kept.discard()
        before = walk, records
    if before is not None and not before[0].is_whole:
        raise RequestError(
            f"has {len(before[0].marks)} records where its answers count "
            f"{', '.join(sorted(before[0].totals))}",
            remedy="Check `total:` and `paging:` of the connection against an answer.",
        )
    raise RequestError(
        f"changed during each of {MAX_WALKS} readings",
        remedy="Extract when less is written, in larger pages (`size:`); or have a `snapshot:` "
        "put into its answers.",
    )


def first_page(client: HttpClient, connection: HttpConnection, path: str) -> list[object]:
    """The records of the first answer. Raises RequestError."""
    answer = parsed(client.get(path, _parameters(connection, _first(connection), None)))
    return _records(answer, connection)


def _first(connection: HttpConnection) -> str | None:
    """What asks for the first page: its number, or nothing where tokens lead on."""
    paging = connection.paging
    return str(paging.first) if paging is not None and paging.next is None else None


def _is_one_moment(walk: Walk, connection: HttpConnection) -> bool:
    return (
        walk.requests == 1
        or (connection.paging is not None and connection.paging.steady)
        or (connection.snapshot is not None and len(walk.snapshots) == 1)
    )


def _walk(
    client: HttpClient, connection: HttpConnection, path: str, *, since: str | None, sink: Sink
) -> Walk:
    found = Walk()
    page, before = _first(connection), array("Q")
    while True:
        answer = parsed(client.get(path, _parameters(connection, page, since)))
        records = _records(answer, connection)
        marks = array("Q", map(_mark, records))
        if marks and marks == before:
            raise RequestError(
                f"gives page {found.requests} again when it is asked for the next",
                remedy="Check `paging:` of the connection; where the last page repeats itself, "
                "say where its answers count all records (`total:`).",
            )
        found.requests += 1
        found.marks.extend(marks)
        before = marks
        _note(found, answer, connection)
        sink.take(records)
        page = _following(found, answer, connection, page, has_records=bool(records))
        if page is None:
            return found
        if found.requests >= MAX_PAGES:
            raise RequestError(
                f"does not end after {MAX_PAGES:,} pages",
                remedy="Check `paging:` of the connection.",
            )


def _mark(record: object) -> int:
    """Eight bytes that two different records do not share."""
    text = repr(record).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def _parameters(connection: HttpConnection, page: str | None, since: str | None) -> dict[str, str]:
    paging, asked = connection.paging, {}
    if paging is not None and page is not None:
        asked[paging.parameter] = page
    if paging is not None and paging.size_parameter is not None:
        asked[paging.size_parameter] = str(paging.size)
    if connection.since is not None and since is not None:
        asked[connection.since.parameter] = since
    return asked


def _records(answer: object, connection: HttpConnection) -> list[object]:
    found = at(answer, connection.records)
    if isinstance(found, list):
        return found
    where = f"at `{connection.records}` of its answer" if connection.records else "in its answer"
    names = list(answer) if isinstance(answer, dict) else []
    holds = f", which holds {', '.join(names[:_SHOWN_NAMES])}" if names else ""
    raise RequestError(
        f"has no list of records {where}{holds}",
        remedy="Correct `records:` of the connection; an answer may also be the report of an "
        "error: look at it.",
    )


def _note(found: Walk, answer: object, connection: HttpConnection) -> None:
    """What an answer says beside its records."""
    for path, noted in ((connection.total, found.totals), (connection.snapshot, found.snapshots)):
        if path is None:
            continue
        value = _word(answer, path)
        if value is None:
            raise RequestError(
                f"has nothing at `{path}` of its answer",
                remedy="Correct the path in the connection, or take it out.",
            )
        noted.add(value)
    if connection.since is not None and found.since is None:
        found.since = _word(answer, connection.since.answer)


def _following(
    found: Walk,
    answer: object,
    connection: HttpConnection,
    page: str | None,
    *,
    has_records: bool,
) -> str | None:
    """Which page comes next; None after the last."""
    paging = connection.paging
    if paging is None:
        return None
    if paging.next is None:
        # A short page is no end: servers cap the size that they are asked for.
        has_all = bool(found.totals) and len(found.marks) >= max(map(_count, found.totals))
        return str(int(page or paging.first) + 1) if has_records and not has_all else None
    token = _word(answer, paging.next)
    if token is None:
        return None
    if token in found.tokens:
        raise RequestError(
            f"leads round in circles after {found.requests} pages",
            remedy="Check `next:` of the connection.",
        )
    found.tokens.add(token)
    return token


def _count(total: str) -> int:
    if not total.isdigit():
        raise RequestError(
            "counts its records otherwise than by a number",
            remedy="Correct `total:` of the connection.",
        )
    return int(total)


def _word(answer: object, path: str) -> str | None:
    """A token at a path: a text or a number; None where there is none."""
    value = at(answer, path)
    if value is MISSING or value is None or value is False or value == "":
        return None
    if isinstance(value, (str, Number)):
        return str(value)
    raise RequestError(
        f"has neither text nor number at `{path}` of its answer",
        remedy="Correct the path in the connection.",
    )
