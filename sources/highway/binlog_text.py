"""Texts and bytes of row events: each character set read as the server would convert it.

A text that would come out otherwise than it is stored is returned as its bytes, as the full load
does (``sources/connectors/mysql.py``). Keep out: numbers and dates (``binlog_value.py``).
"""

from collections.abc import Callable
from functools import cache

from sources.highway import binlog_layout as layout
from sources.highway.binlog_layout import Field

# Text, or the bytes of what is none.
Decoder = Callable[[bytes], str | bytes]

_BINARY, _LATIN = "binary", "latin1"
_UTF8 = frozenset({"utf8mb4", "utf8mb3", "utf8"})
_PYTHON = {
    "ascii": "ascii", "gb18030": "gb18030", "utf16": "utf-16-be", "utf16le": "utf-16-le",
    "utf32": "utf-32-be", "gbk": "gbk", "gb2312": "gb2312", "big5": "big5",
}  # fmt: skip


def decoder(charset: str, *, latin1_holds: str | None) -> Decoder | None:
    """How the bytes of a character set are read; None for one that no reader is sure of.

    ``latin1_holds`` as in ``MysqlConnection``.
    """
    if charset == _BINARY:
        return lambda raw: raw.hex().upper()
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


_CP1252 = {
    byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0xA0)
    if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}
_ESCAPED = [
    chr(byte) if 32 <= byte <= 126 and chr(byte) not in "\\'\"" else f"\\x{byte:02X}"
    for byte in range(256)
]
