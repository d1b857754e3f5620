"""What a table looked like when a row was logged: read from the table map that precedes the rows.

With ``binlog_row_metadata = FULL`` the map names the columns, their types, character sets and the
members of enum and set. What it does not say (zerofill, uuid) is asked of information_schema
(``SourceColumn``). Keep out: how a value is read (``binlog_value.py``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sources.highway.binlog_event import DamagedEventError, read_length

TINY, SHORT, LONG, FLOAT, DOUBLE = 1, 2, 3, 4, 5
TIMESTAMP, LONGLONG, INT24, DATE, TIME, DATETIME, YEAR = 7, 8, 9, 10, 11, 12, 13
NEWDATE, VARCHAR, BIT, TIMESTAMP2, DATETIME2, TIME2 = 14, 15, 16, 17, 18, 19
BLOB_COMPRESSED, VARCHAR_COMPRESSED = 140, 141
JSON, NEWDECIMAL, ENUM, SET, BLOB, VAR_STRING, STRING, GEOMETRY = (
    245, 246, 247, 248, 252, 253, 254, 255,
)  # fmt: skip
BINARY_COLLATION = 63

_TWO_BYTES = frozenset(
    {VARCHAR, VARCHAR_COMPRESSED, BIT, NEWDECIMAL, VAR_STRING, STRING, ENUM, SET}
)
_ONE_BYTE = frozenset(
    {FLOAT, DOUBLE, BLOB, GEOMETRY, JSON, TIMESTAMP2, DATETIME2, TIME2, BLOB_COMPRESSED}
)
_NUMBERS = frozenset({TINY, SHORT, INT24, LONG, LONGLONG, NEWDECIMAL, FLOAT, DOUBLE, YEAR})
# A geometry counts among the texts, with the character set `binary`.
_TEXTS = frozenset(
    {VARCHAR, VAR_STRING, STRING, BLOB, GEOMETRY, BLOB_COMPRESSED, VARCHAR_COMPRESSED}
)
_CHOICES = frozenset({ENUM, SET})

# Kinds of optional metadata.
_SIGNEDNESS, _DEFAULT_CHARSET, _COLUMN_CHARSET, _NAMES, _SET_MEMBERS, _ENUM_MEMBERS = range(1, 7)
_CHOICE_DEFAULT_CHARSET, _CHOICE_CHARSET = 10, 11


@dataclass(frozen=True)
class SourceColumn:
    """What information_schema says of a column now: ``int``, ``int(6) unsigned zerofill``."""

    data_type: str
    column_type: str


@dataclass(frozen=True)
class Field:
    """One column of a table map.

    ``size`` is the bytes of a length prefix (texts, blobs), of the value (enum, set, float) or of
    a bit field; ``width`` the most bytes a CHAR or BINARY holds; ``scale`` the digits after the
    point of decimals and of fractional seconds. ``members`` are in the column's character set.
    """

    name: str
    type: int
    size: int = 0
    width: int = 0
    precision: int = 0
    scale: int = 0
    unsigned: bool = False
    charset: str | None = None
    members: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The table map of one table. ``fields`` is empty when the map does not name its columns."""

    schema: str
    table: str
    columns: int
    fields: tuple[Field, ...] = ()


@dataclass
class _Metadata:
    """The optional metadata, as it is packed: per numeric, textual, enum or set column."""

    names: list[str] = field(default_factory=list)
    unsigned: list[bool] = field(default_factory=list)
    texts: dict[int, int] = field(default_factory=dict)
    text_default: int | None = None
    choices: dict[int, int] = field(default_factory=dict)
    choice_default: int | None = None
    enums: list[tuple[bytes, ...]] = field(default_factory=list)
    sets: list[tuple[bytes, ...]] = field(default_factory=list)


def table_of(body: bytes) -> tuple[int, str, str, int]:
    """Read whose map it is: table id, database, table, and where its columns begin."""
    table_id = int.from_bytes(body[:6], "little")
    at = 8
    length = body[at]
    schema = body[at + 1 : at + 1 + length].decode("utf-8")
    at += length + 2
    length = body[at]
    table = body[at + 1 : at + 1 + length].decode("utf-8")
    return table_id, schema, table, at + length + 2


def read_layout(body: bytes, *, charsets: Mapping[int, str]) -> Layout:
    """Read a whole table map; ``charsets`` names the character set of each collation's number.

    Raises DamagedEventError for a map that contradicts itself.
    """
    _, schema, table, at = table_of(body)
    count, at = read_length(body, at)
    types = body[at : at + count]
    at += count
    length, at = read_length(body, at)
    raw = list(_fields(types, body[at : at + length]))
    at += length + (count + 7) // 8
    metadata = _metadata(body, at, numbers=sum(one.type in _NUMBERS for one in raw))
    if not metadata.names:
        return Layout(schema, table, count)
    if len(metadata.names) != count:
        raise DamagedEventError(f"the map of {schema}.{table} names another number of columns")
    return Layout(schema, table, count, tuple(_described(raw, metadata, charsets)))


def _fields(types: bytes, meta: bytes) -> Iterator[Field]:
    """The types with their packed metadata, still without names."""
    at = 0
    for kind in types:
        width = 2 if kind in _TWO_BYTES else 1 if kind in _ONE_BYTE else 0
        low, high = (meta[at : at + width] + b"\0\0")[:2]
        at += width
        whole = low | high << 8
        if kind in {STRING, VAR_STRING}:
            yield _string_field(low, high)
        elif kind in {VARCHAR, VARCHAR_COMPRESSED}:
            yield Field("", kind, size=1 if whole < 256 else 2, width=whole)
        elif kind == NEWDECIMAL:
            yield Field("", kind, precision=low, scale=high)
        elif kind == BIT:
            yield Field("", kind, size=(high * 8 + low + 7) // 8)
        elif kind in {TIMESTAMP2, DATETIME2, TIME2}:
            yield Field("", kind, scale=low)
        else:
            yield Field("", kind, size=low)


def _string_field(real: int, length: int) -> Field:
    """CHAR, BINARY, ENUM and SET share a type: the first byte says which it is, and holds, upside
    down, two more bits of the length of a CHAR.
    """
    if real in _CHOICES:
        return Field("", real, size=length)
    width = ((real & 0x30) ^ 0x30) << 4 | length
    return Field("", STRING, size=1 if width < 256 else 2, width=width)


def _described(
    raw: list[Field], metadata: _Metadata, charsets: Mapping[int, str]
) -> Iterator[Field]:
    """Give each column its name, sign, character set and members."""
    unsigned, enums, sets = (
        iter(metadata.unsigned),
        iter(metadata.enums),
        iter(metadata.sets),
    )
    text = choice = 0
    for one, name in zip(raw, metadata.names, strict=True):
        collation: int | None = None
        members: tuple[bytes, ...] = ()
        if one.type in _TEXTS:
            collation = metadata.texts.get(text, metadata.text_default)
            text += 1
        elif one.type in _CHOICES:
            collation = metadata.choices.get(choice, metadata.choice_default)
            choice += 1
            members = next(enums if one.type == ENUM else sets, ())
        charset = None
        if collation is not None:
            charset = charsets.get(collation, f"collation {collation}")
        yield Field(
            name=name,
            type=one.type,
            size=one.size,
            width=one.width,
            precision=one.precision,
            scale=one.scale,
            unsigned=next(unsigned, False) if one.type in _NUMBERS else False,
            charset=charset,
            members=members,
        )


def _metadata(body: bytes, at: int, *, numbers: int) -> _Metadata:
    found = _Metadata()
    while at < len(body):
        kind = body[at]
        length, at = read_length(body, at + 1)
        value = body[at : at + length]
        at += length
        if kind == _SIGNEDNESS:
            found.unsigned = [
                bool(value[place // 8] & (0x80 >> place % 8)) for place in range(numbers)
            ]
        elif kind == _DEFAULT_CHARSET:
            found.text_default, *pairs = _numbers(value)
            found.texts = dict(zip(pairs[::2], pairs[1::2], strict=True))
        elif kind == _COLUMN_CHARSET:
            found.texts = dict(enumerate(_numbers(value)))
        elif kind == _NAMES:
            found.names = [name.decode("utf-8") for name in _texts(value)]
        elif kind == _SET_MEMBERS:
            found.sets = _members(value)
        elif kind == _ENUM_MEMBERS:
            found.enums = _members(value)
        elif kind == _CHOICE_DEFAULT_CHARSET:
            found.choice_default, *pairs = _numbers(value)
            found.choices = dict(zip(pairs[::2], pairs[1::2], strict=True))
        elif kind == _CHOICE_CHARSET:
            found.choices = dict(enumerate(_numbers(value)))
    return found


def _numbers(value: bytes) -> list[int]:
    found, at = [], 0
    while at < len(value):
        number, at = read_length(value, at)
        found.append(number)
    return found


def _texts(value: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(value):
        length, at = read_length(value, at)
        found.append(value[at : at + length])
        at += length
    return found


def _members(value: bytes) -> list[tuple[bytes, ...]]:
    found, at = [], 0
    while at < len(value):
        count, at = read_length(value, at)
        members = []
        for _ in range(count):
            length, at = read_length(value, at)
            members.append(value[at : at + length])
            at += length
        found.append(tuple(members))
    return found
