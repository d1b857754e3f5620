"""pgoutput by the row: the messages as a server would write them, and the plainest decoder.

The decoder follows the manual line by line and is slow; that of the product has to agree with it.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

UNSENT = object()
EPOCH = 946_684_800_000_000

Value = object  # str, None or UNSENT
Row = dict[str, Value]


def begin(lsn: int, at: int, xid: int = 7) -> bytes:
    return b"B" + struct.pack(">QqI", lsn, at, xid)


def commit(lsn: int, end: int, at: int) -> bytes:
    return b"C\0" + struct.pack(">QQq", lsn, end, at)


def relation(
    oid: int, name: str, columns: Sequence[tuple[str, bool]], *, identity: str = "d", kind: int = 25
) -> bytes:
    message = b"R" + struct.pack(">I", oid) + b"huji\0" + name.encode() + b"\0" + identity.encode()
    message += struct.pack(">H", len(columns))
    for column, is_key in columns:
        message += bytes([is_key]) + column.encode() + b"\0" + struct.pack(">Ii", kind, -1)
    return message


def row(values: Iterable[Value]) -> bytes:
    parts = []
    for value in values:
        if value is None:
            parts.append(b"n")
        elif value is UNSENT:
            parts.append(b"u")
        else:
            text = str(value).encode()
            parts.append(b"t" + struct.pack(">i", len(text)) + text)
    return struct.pack(">H", len(parts)) + b"".join(parts)


def insert(oid: int, new: Iterable[Value]) -> bytes:
    return b"I" + struct.pack(">I", oid) + b"N" + row(new)


def update(
    oid: int, new: Iterable[Value], *, old: Iterable[Value] | None = None, letter: bytes = b"K"
) -> bytes:
    before = b"" if old is None else letter + row(old)
    return b"U" + struct.pack(">I", oid) + before + b"N" + row(new)


def delete(oid: int, old: Iterable[Value], *, letter: bytes = b"K") -> bytes:
    return b"D" + struct.pack(">I", oid) + letter + row(old)


def truncate(oids: Sequence[int], options: int = 0) -> bytes:
    return b"T" + struct.pack(f">IB{len(oids)}I", len(oids), options, *oids)


@dataclass
class RowDecoder:
    """Says in the order of the stream ``("row", table, op, position, microseconds, values)``,
    ``("relation", name, columns)`` and ``("truncate", names, position)``.
    """

    keys: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    tables: dict[int, tuple[str, str, str, tuple[tuple[str, bool, bytes], ...]]] = field(
        default_factory=dict
    )
    lsn: int = 0
    at: int = 0
    count: int = 0

    def decode(self, messages: Iterable[bytes]) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        for message in messages:
            match chr(message[0]):
                case "B":
                    self.lsn, self.at = struct.unpack_from(">Qq", message, 1)
                    self.count = 0
                case "R":
                    found += self._relation(message)
                case "I" | "U" | "D":
                    found += self._change(message)
                case "T":
                    number, _ = struct.unpack_from(">IB", message, 1)
                    oids = struct.unpack_from(f">{number}I", message, 6)
                    names = tuple(self.tables[oid][1] for oid in oids)
                    found.append(("truncate", names, self._position(self.count * 2 + 1)))
                    self.count += 1
                case "C" | "O" | "Y" | "M":
                    pass
                case other:
                    raise AssertionError(other)
        return found

    def _position(self, number: int) -> str:
        return f"{self.lsn:016X}.{number:08X}"

    def _relation(self, message: bytes) -> list[tuple[object, ...]]:
        (oid,) = struct.unpack_from(">I", message, 1)
        schema, name, rest = message[5:].split(b"\0", 2)
        at, columns = 3, []
        for _ in range(struct.unpack_from(">H", rest, 1)[0]):
            end = rest.index(0, at + 1)
            columns.append((rest[at + 1 : end].decode(), rest[at] == 1, rest[end + 1 : end + 9]))
            at = end + 9
        known = self.tables.get(oid)
        self.tables[oid] = (schema.decode(), name.decode(), chr(rest[0]), tuple(columns))
        if self.tables[oid] == known:
            return []
        return [("relation", name.decode(), tuple(column for column, *_ in columns))]

    def _change(self, message: bytes) -> list[tuple[object, ...]]:
        (oid,) = struct.unpack_from(">I", message, 1)
        schema, table, _, columns = self.tables[oid]
        number = self.count * 2 + 1
        self.count += 1
        tuples: dict[str, list[Value]] = {}
        at = 5
        while at < len(message):
            letter = chr(message[at])
            tuples[letter], at = _row(message, at + 1)
        names = [name for name, *_ in columns]
        old = tuples.get("K") or tuples.get("O")
        new = tuples.get("N")
        op = {"I": "c", "U": "u", "D": "d"}[chr(message[0])]
        if new is None:
            return [self._fact(table, op, number, names, old or [])]
        if old is None:
            return [self._fact(table, op, number, names, new)]
        new = [
            was if value is UNSENT and was is not None else value
            for value, was in zip(new, old, strict=True)
        ]
        wanted = [name for name in self.keys.get((schema, table), ()) if name in names]
        keys = wanted or [name for name, is_key, _ in columns if is_key]
        moved = any(new[names.index(key)] != old[names.index(key)] for key in keys)
        facts = [self._fact(table, op, number, names, new)]
        return [self._fact(table, "d", number - 1, names, old), *facts] if moved else facts

    def _fact(
        self, table: str, op: str, number: int, names: list[str], values: list[Value]
    ) -> tuple[object, ...]:
        shown = tuple("(not sent)" if value is UNSENT else value for value in values)
        row = tuple(zip(names, shown, strict=True))
        return ("row", table, op, self._position(number), self.at + EPOCH, row)


def _row(message: bytes, at: int) -> tuple[list[Value], int]:
    (count,) = struct.unpack_from(">H", message, at)
    at += 2
    values: list[Value] = []
    for _ in range(count):
        kind = chr(message[at])
        at += 1
        if kind == "t":
            (length,) = struct.unpack_from(">i", message, at)
            values.append(message[at + 4 : at + 4 + length].decode())
            at += 4 + length
        else:
            values.append(None if kind == "n" else UNSENT)
    return values, at
