"""Texts and bytes of row events: each character set read as the server would convert it.

A text that would come out otherwise than it is stored is returned as its bytes, as the full load
does (``sources/connectors/mysql.py``). Keep out: numbers and dates (``binlog_value.py``).
"""

from collections.abc import Callable
from functools import cache
from ipaddress import IPv4Address
from uuid import UUID

from sources.highway import binlog_layout as layout
from sources.highway.binlog_layout import Field

# Text, or the bytes of what is none.
Decoder = Callable[[bytes], str | bytes]

_BINARY, _LATIN = "binary", "latin1"
_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})
# Python reads these exactly as MariaDB does; its big5 and some others it reads otherwise.
_PYTHON = {
    "ascii": "ascii", "gb18030": "gb18030", "utf16": "utf-16-be", "utf16le": "utf-16-le",
    "ucs2": "utf-16-be",
    "utf32": "utf-32-be", "gbk": "gbk", "gb2312": "gb2312",
}  # fmt: skip


def decoder(charset: str, *, latin1_holds: str | None, data_type: str | None) -> Decoder | None:
    """How the bytes of a character set are read; None for one that no reader is sure of.

    ``latin1_holds`` as in ``MysqlConnection``; ``data_type`` tells apart what is stored as bytes.
    """
    if charset == _BINARY:
        return _SHOWN.get(data_type or "", _hexadecimal)
    if charset == _LATIN:
        if latin1_holds is None:
            return _strict("ascii")
        if latin1_holds == _LATIN:
            return _read_latin1
        charset = latin1_holds
    if charset in _UTF8:
        return _strict("utf-8")
    codec = _PYTHON.get(charset)
    return _strict(codec) if codec else None


def length_prefixed(
    field: Field, decode: Decoder
) -> Callable[[bytes, int], tuple[str | bytes, int]] | None:
    """The reader of a text or of bytes; None for a type that is neither."""
    if length_skipper(field) is None or field.type in {layout.JSON, layout.GEOMETRY}:
        return None
    size = field.size
    if field.type == layout.STRING and field.charset == _BINARY:
        width = field.width

        def read_padded(data: bytes, at: int) -> tuple[str | bytes, int]:
            # The log leaves out the zeros at the end of a BINARY.
            start = at + size
            end = start + int.from_bytes(data[at:start], "little")
            return decode(data[start:end].ljust(width, b"\0")), end

        return read_padded
    if size == 1:

        def read_short(data: bytes, at: int) -> tuple[str | bytes, int]:
            end = at + 1 + data[at]
            return decode(data[at + 1 : end]), end

        return read_short

    def read(data: bytes, at: int) -> tuple[str | bytes, int]:
        start = at + size
        end = start + int.from_bytes(data[at:start], "little")
        return decode(data[start:end]), end

    return read


def length_skipper(field: Field) -> Callable[[bytes, int], int] | None:
    """How a value behind its length is passed over; None for a type without one."""
    if field.type not in {
        layout.VARCHAR, layout.STRING, layout.VAR_STRING, layout.BLOB, layout.JSON, layout.GEOMETRY,
    }:  # fmt: skip
        return None
    size = field.size
    return lambda data, at: at + size + int.from_bytes(data[at : at + size], "little")


def escaped(raw: bytes) -> str:
    r"""Bytes as DuckDB writes a blob: printable ASCII as it is, the rest like ``\xD6``."""
    return "".join(map(_ESCAPED.__getitem__, raw))


@cache
def _strict(codec: str) -> Decoder:
    def decode(raw: bytes) -> str | bytes:
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            return raw

    return decode


def _read_latin1(raw: bytes) -> str:
    """MariaDB's latin1 is cp1252, whose five gaps are the control characters of that number."""
    return raw.decode("latin-1").translate(_CP1252)


def _hexadecimal(raw: bytes) -> str:
    return raw.hex().upper()


def _inet6(raw: bytes) -> str:
    """As MariaDB prints it: the first longest run of zeros is left out, be it one alone, and a
    version 4 address at the end stays one.
    """
    words = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, 16, 2)]
    start, length = max(
        ((at, _zeros(words[at:])) for at in range(8)), key=lambda run: (run[1], -run[0])
    )
    shown = [f"{word:x}" for word in words]
    if start == 0 and (length == 6 or (length == 5 and words[5] == 0xFFFF)):
        shown[6:] = [str(IPv4Address(raw[12:]))]
    if length == 0:
        return ":".join(shown)
    return f"{':'.join(shown[:start])}::{':'.join(shown[start + length :])}"


def _zeros(words: list[int]) -> int:
    """How many zeros it begins with."""
    return next((place for place, word in enumerate(words) if word), len(words))


_SHOWN: dict[str, Decoder] = {
    "uuid": lambda raw: str(UUID(bytes=raw)),
    "inet4": lambda raw: str(IPv4Address(raw)),
    "inet6": _inet6,
}
_CP1252 = {
    byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_ESCAPED = [
    chr(byte) if 32 <= byte <= 126 and chr(byte) not in "\\'\"" else f"\\x{byte:02X}"
    for byte in range(256)
]
