"""The events of a MariaDB binary log: bytes in, facts out. Nothing here reads from a network.

Formats: MariaDB knowledge base "Replication Protocol", the server's own sql/log_event.h. Keep out:
the rows inside of row events (``binlog_row.py``) and what tables they belong to
(``binlog_layout.py``).
"""

import struct
import zlib
from dataclasses import dataclass

from sources.highway.binlog_position import Gtid

QUERY, ROTATE, FORMAT_DESCRIPTION, XID, TABLE_MAP, HEARTBEAT = 2, 4, 15, 16, 19, 27
INCIDENT, XA_PREPARE, MARIADB_GTID, QUERY_COMPRESSED = 26, 38, 162, 165
# Written by MySQL alone, or never by a server that logs rows with GTIDs.
LOAD_DATA = frozenset({6, 8, 9, 10, 11, 12, 17, 18})
FOREIGN = {33: "a MySQL GTID", 34: "a MySQL GTID", 39: "a partial JSON row", 40: "MySQL payload"}

_HEADER = struct.Struct("<IBIIIH")
_HEADER_BYTES = 19
_CHECKSUM_BYTES = 4
_ARTIFICIAL = 0x20
_QUERY_HEAD = struct.Struct("<IIBHH")
_GTID_HEAD = struct.Struct("<QIB")
_PREPARED_XA, _COMPLETED_XA, _STANDALONE = 64, 128, 1

# Every kind of row event: what it does, whether it has the longer header, whether it is compressed.
_ROWS = {
    23: ("c", False, False),
    24: ("u", False, False),
    25: ("d", False, False),
    30: ("c", True, False),
    31: ("u", True, False),
    32: ("d", True, False),
    166: ("c", False, True),
    167: ("u", False, True),
    168: ("d", False, True),
    169: ("c", True, True),
    170: ("u", True, True),
    171: ("d", True, True),
}


class DamagedEventError(ValueError):
    """An event whose bytes cannot be what the server wrote."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: what it is, when (seconds of the epoch) and on which server it was written, where
    it ends in its log file (0 when it is in none), and its bytes.
    """

    kind: int
    at: int
    server: int
    end: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Begin:
    """The beginning of a group of events. ``standalone`` groups are one statement long."""

    gtid: Gtid
    standalone: bool
    prepared_xa: bool
    completed_xa: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A statement as the server logged it, and the database it ran in."""

    database: str
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table that one statement changed.

    ``present`` and ``present_after`` say, bit by bit, which columns the images hold; the second is
    that of the image after an update. ``data`` from ``start`` holds the images.
    """

    op: str
    table_id: int
    columns: int
    present: bytes
    present_after: bytes
    data: bytes
    start: int


def read_event(packet: bytes, *, checksum: bool) -> Event:
    """Read the header and verify the checksum. Raises DamagedEventError."""
    if len(packet) < _HEADER_BYTES:
        raise DamagedEventError("an event is shorter than its header")
    at, kind, server, size, place, flags = _HEADER.unpack_from(packet)
    end = len(packet)
    if size != end:
        raise DamagedEventError(f"an event of {size} bytes arrived with {end}")
    if checksum:
        end -= _CHECKSUM_BYTES
        # What the server makes up for the reader alone is not always summed.
        if not flags & _ARTIFICIAL and kind not in {FORMAT_DESCRIPTION, HEARTBEAT, ROTATE}:
            said = int.from_bytes(packet[end:], "little")
            if zlib.crc32(memoryview(packet)[:end]) != said:
                raise DamagedEventError("the checksum of an event is wrong")
    return Event(kind=kind, at=at, server=server, end=place, body=packet[_HEADER_BYTES:end])


def is_rows(kind: int) -> bool:
    """Whether the event holds rows."""
    return kind in _ROWS


def read_rotation(event: Event) -> tuple[str, int]:
    """The log file that follows, and the byte at which it begins."""
    return event.body[8:].decode("utf-8"), int.from_bytes(event.body[:8], "little")


def read_begin(event: Event) -> Begin:
    """Read a MariaDB GTID event."""
    sequence, domain, flags = _GTID_HEAD.unpack_from(event.body)
    return Begin(
        gtid=Gtid(domain=domain, server=event.server, sequence=sequence),
        standalone=bool(flags & _STANDALONE),
        prepared_xa=bool(flags & _PREPARED_XA),
        completed_xa=bool(flags & _COMPLETED_XA),
    )


def read_query(event: Event) -> Query:
    """Read a statement. Its text may be in any encoding: what is no UTF-8 is replaced."""
    _, _, database_length, _, status_length = _QUERY_HEAD.unpack_from(event.body)
    start = _QUERY_HEAD.size + status_length
    database = event.body[start : start + database_length]
    text = event.body[start + database_length + 1 :]
    if event.kind == QUERY_COMPRESSED:
        text = _inflated(text, 0)
    return Query(
        database=database.decode("utf-8", errors="replace"),
        text=text.decode("utf-8", errors="replace"),
    )


def read_rows(event: Event) -> Rows:
    """Read the head of a row event; the rows themselves stay bytes."""
    op, long_header, compressed = _ROWS[event.kind]
    data = event.body
    table_id = int.from_bytes(data[:6], "little")
    at = 8
    if long_header:
        at += int.from_bytes(data[at : at + 2], "little")
    columns, at = read_length(data, at)
    width = (columns + 7) // 8
    present = present_after = data[at : at + width]
    at += width
    if op == "u":
        present_after = data[at : at + width]
        at += width
    if compressed:
        data, at = _inflated(data, at), 0
    return Rows(op, table_id, columns, present, present_after, data, at)


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """Read a length-encoded number; returns it and where what follows begins."""
    first = data[at]
    if first < 251:
        return first, at + 1
    width = {252: 2, 253: 3, 254: 8}.get(first)
    if width is None:
        raise DamagedEventError("a length is none")
    return int.from_bytes(data[at + 1 : at + 1 + width], "little"), at + 1 + width


def _inflated(data: bytes, at: int) -> bytes:
    """What MariaDB's log_bin_compress wrote: a byte, the length big-endian, a zlib stream."""
    width = data[at] & 0x07
    length = int.from_bytes(data[at + 1 : at + 1 + width], "big")
    try:
        text = zlib.decompress(data[at + 1 + width :])
    except zlib.error:
        raise DamagedEventError("a compressed event cannot be unpacked") from None
    if len(text) != length:
        raise DamagedEventError("a compressed event has another length than it says")
    return text
