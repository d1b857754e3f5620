"""How one value of a row event becomes the text that the server itself would print.

Every reader gives what the full load gets from the select list of ``sources/connectors/mysql.py``:
the two have to be changed together. A value that is no text is returned as its bytes, never as a
guess. Keep out: texts and their character sets (``binlog_text.py``) and rows (``binlog_row.py``).
"""

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from sources.highway import binlog_layout as layout
from sources.highway.binlog_layout import Field, SourceColumn
from sources.highway.binlog_text import Decoder, length_prefixed, length_skipper

Value = str | bytes | None
Reader = Callable[[bytes, int], tuple[Value, int]]
Skip = Callable[[bytes, int], int]

_CITY_ZONE = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
_WHOLE = {
    layout.TINY: (1, "b"),
    layout.SHORT: (2, "h"),
    layout.LONG: (4, "i"),
    layout.LONGLONG: (8, "q"),
}
_FIXED = {
    layout.TINY: 1, layout.SHORT: 2, layout.INT24: 3, layout.LONG: 4, layout.LONGLONG: 8,
    layout.FLOAT: 4, layout.DOUBLE: 8, layout.YEAR: 1, layout.DATE: 3, layout.NEWDATE: 3,
}  # fmt: skip
_FRACTIONAL = {layout.TIMESTAMP2: 4, layout.DATETIME2: 5, layout.TIME2: 3}
_PLAIN_COUNTS = {"boolean", "varchar"}
_ZEROFILL = re.compile(r"\((\d+)(?:,\d+)?\).* zerofill")
_MAX_F_FORMAT = 15


def value_reader(
    field: Field, *, source: SourceColumn | None, registry_type: str, decoder: Decoder | None
) -> Reader | None:
    """The reader of a column, or None for a type that no reader is sure of.

    ``source`` is what information_schema says now, ``decoder`` reads the column's character set.
    """
    kind = field.type
    if kind in _WHOLE or kind == layout.INT24:
        return _padded(_whole_reader(field), source, registry_type, point=0)
    if kind == layout.NEWDECIMAL:
        read = _decimal_reader(field.precision, field.scale)
        return _padded(read, source, "varchar", point=1 if field.scale else 0)
    made = _MAKERS.get(kind)
    if made is not None:
        return made(field)
    if decoder is None:
        return None
    if kind == layout.ENUM:
        return _enum_reader(field, decoder)
    if kind == layout.SET:
        return _set_reader(field, decoder)
    return length_prefixed(field, decoder)


def skipper(field: Field) -> Skip | None:
    """How a value is passed over without being read; None for an unknown type."""
    kind = field.type
    if kind in _FIXED:
        width = _FIXED[kind]
    elif kind == layout.NEWDECIMAL:
        width = _decimal_bytes(field.precision, field.scale)
    elif kind in _FRACTIONAL:
        width = _FRACTIONAL[kind] + (field.scale + 1) // 2
    elif kind in {layout.BIT, layout.ENUM, layout.SET}:
        width = field.size
    else:
        return length_skipper(field)
    return lambda _, at: at + width


def _padded(read: Reader, source: SourceColumn | None, registry_type: str, *, point: int) -> Reader:
    """Zerofill shows in the server's text, and not in its numbers."""
    found = _ZEROFILL.search(source.column_type) if source else None
    if found is None or registry_type not in _PLAIN_COUNTS:
        return read
    width = int(found[1]) + point

    def read_padded(data: bytes, at: int) -> tuple[Value, int]:
        value, at = read(data, at)
        return str(value).zfill(width), at

    return read_padded


def _whole_reader(field: Field) -> Reader:
    if field.type == layout.INT24:
        signed = not field.unsigned
        return lambda data, at: (
            str(int.from_bytes(data[at : at + 3], "little", signed=signed)),
            at + 3,
        )
    width, form = _WHOLE[field.type]
    unpack = struct.Struct("<" + (form.upper() if field.unsigned else form)).unpack_from
    return lambda data, at: (str(unpack(data, at)[0]), at + width)


def _float_reader(field: Field) -> Reader:
    width, form = (4, "<f") if field.type == layout.FLOAT else (8, "<d")
    unpack = struct.Struct(form).unpack_from
    return lambda data, at: (double_text(unpack(data, at)[0]), at + width)


def double_text(value: float) -> str:
    """A double as MariaDB prints it: the shortest digits that are this number, an exponent only
    beyond fifteen places (my_gcvt in strings/dtoa.c).
    """
    negative, places, exponent = Decimal(repr(value)).normalize().as_tuple()
    sign, digits = "-" if negative else "", "".join(map(str, places))
    if digits == "0" or not isinstance(exponent, int):
        return sign + "0"
    # The number is 0.DIGITS times ten to the power of `point`.
    point = len(digits) + exponent
    if point > _MAX_F_FORMAT or point < 1 - _MAX_F_FORMAT:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{point - 1}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return f"{sign}{digits.ljust(point, '0')}"
    return f"{sign}{digits[:point]}.{digits[point:]}"


def _decimal_bytes(precision: int, scale: int) -> int:
    whole = precision - scale
    return whole // 9 * 4 + _DIGITS_BYTES[whole % 9] + scale // 9 * 4 + _DIGITS_BYTES[scale % 9]


def _decimal_reader(precision: int, scale: int) -> Reader:
    """Groups of nine digits in four bytes, big-endian; the first bit says positive."""
    whole = precision - scale
    groups = [(_DIGITS_BYTES[whole % 9], whole % 9)] if whole % 9 else []
    groups += [(4, 9)] * (whole // 9)
    parts = len(groups)
    groups += [(4, 9)] * (scale // 9)
    groups += [(_DIGITS_BYTES[scale % 9], scale % 9)] if scale % 9 else []
    size = _decimal_bytes(precision, scale)
    flip = (1 << 8 * size) - 1
    high = 1 << (8 * size - 1)

    def read(data: bytes, at: int) -> tuple[Value, int]:
        packed = int.from_bytes(data[at : at + size], "big") ^ high
        sign = ""
        if packed & high:
            packed, sign = packed ^ flip, "-"
        digits, left = [], size
        for width, places in groups:
            left -= width
            group = packed >> 8 * left & ((1 << 8 * width) - 1)
            digits.append(str(group).zfill(places))
        shown = "".join(digits[:parts]).lstrip("0") or "0"
        if scale:
            shown = f"{shown}.{''.join(digits[parts:])}"
        return sign + shown, at + size

    return read


def _read_date(data: bytes, at: int) -> tuple[Value, int]:
    packed = data[at] | data[at + 1] << 8 | data[at + 2] << 16
    return f"{packed >> 9:04d}-{packed >> 5 & 15:02d}-{packed & 31:02d}", at + 3


def _read_year(data: bytes, at: int) -> tuple[Value, int]:
    return str(data[at] + 1900) if data[at] else "0000", at + 1


def _moment_reader(field: Field) -> Reader:
    """DATETIME, TIMESTAMP and TIME with their fractions, two digits in each byte."""
    scale = field.scale
    extra = (scale + 1) // 2
    size = _FRACTIONAL[field.type] + extra
    show = {
        layout.DATETIME2: _datetime_text,
        layout.TIMESTAMP2: _timestamp_text,
        layout.TIME2: _time_text,
    }[field.type]
    bits, odd = 8 * extra, scale % 2
    mask = (1 << bits) - 1

    def fraction(packed: int) -> str:
        if not scale:
            return ""
        digits = packed & mask
        return f".{digits // 10 if odd else digits:0{scale}d}"

    if field.type == layout.TIME2:
        zero = 1 << (8 * size - 1)

        def read_time(data: bytes, at: int) -> tuple[Value, int]:
            packed = int.from_bytes(data[at : at + size], "big") - zero
            sign, packed = ("-", -packed) if packed < 0 else ("", packed)
            return f"{sign}{show(packed >> bits)}{fraction(packed)}", at + size

        return read_time

    def read(data: bytes, at: int) -> tuple[Value, int]:
        packed = int.from_bytes(data[at : at + size], "big")
        return show(packed >> bits) + fraction(packed), at + size

    return read


def _datetime_text(packed: int) -> str:
    month = packed >> 22 & 0x1FFFF
    return (
        f"{month // 13:04d}-{month % 13:02d}-{packed >> 17 & 31:02d} "
        f"{packed >> 12 & 31:02d}:{packed >> 6 & 63:02d}:{packed & 63:02d}"
    )


def _timestamp_text(seconds: int) -> str:
    """The city's own time, as the full load asks for it; the zero timestamp has no zone."""
    if seconds == 0:
        return "0000-00-00 00:00:00"
    local = (_EPOCH + timedelta(seconds=seconds)).astimezone(_CITY_ZONE)
    return local.strftime("%Y-%m-%d %H:%M:%S")


def _time_text(packed: int) -> str:
    return f"{packed >> 12 & 0x3FF:02d}:{packed >> 6 & 63:02d}:{packed & 63:02d}"


def _enum_reader(field: Field, decoder: Decoder) -> Reader:
    """By name; 0 is what the server stores, and prints as an empty text, for a value of none."""
    names: list[Value] = ["", *(decoder(member) for member in field.members)]
    size = field.size

    def read(data: bytes, at: int) -> tuple[Value, int]:
        place = int.from_bytes(data[at : at + size], "little")
        return names[place] if place < len(names) else data[at : at + size], at + size

    return read


def _set_reader(field: Field, decoder: Decoder) -> Reader:
    size, members = field.size, field.members

    def read(data: bytes, at: int) -> tuple[Value, int]:
        chosen = int.from_bytes(data[at : at + size], "little")
        if chosen >> len(members):
            return data[at : at + size], at + size
        joined = b",".join(name for bit, name in enumerate(members) if chosen >> bit & 1)
        return decoder(joined), at + size

    return read


def _bit_reader(field: Field) -> Reader:
    size = field.size
    return lambda data, at: (str(int.from_bytes(data[at : at + size], "big")), at + size)


_MAKERS: dict[int, Callable[[Field], Reader]] = {
    layout.FLOAT: _float_reader,
    layout.DOUBLE: _float_reader,
    layout.TIMESTAMP2: _moment_reader,
    layout.DATETIME2: _moment_reader,
    layout.TIME2: _moment_reader,
    layout.DATE: lambda _: _read_date,
    layout.NEWDATE: lambda _: _read_date,
    layout.YEAR: lambda _: _read_year,
    layout.BIT: _bit_reader,
}
