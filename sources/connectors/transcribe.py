"""Turns a delivered CSV file into one that DuckDB reads without doubt; broken records stay out.

Decodes with Python's codec (docs/decisions/0001), numbers every record with its line, keeps only
records with the right number of fields and counts them, all in one streaming pass. Keep out:
column names and types (``csv.py``) and choosing the file.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from citybase.duck import literal, quoted

_BLOCK = 1 << 20
MAX_LINE = 1 << 22
_MAX_RECORD_LINES = 200
LINE_TOO_LONG = "line_too_long"
# Of a record that is none: enough to find it by, however long it is.
_SHOWN = 1 << 16


def read_csv(path: Path, columns: Sequence[str]) -> str:
    """SQL that reads a file ``transcribe`` wrote; every column is text.

    Every argument is stated: nothing about the file is guessed. Broken records are out already, so
    that a record the reader still refuses is a defect and must stop it.
    """
    names = ", ".join(f"{quoted(name)}: 'varchar'" for name in columns)
    return (
        f"read_csv({literal(str(path))}, columns = {{{names}}}, auto_detect = false, "
        "header = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', "
        "nullstr = '', comment = '', strict_mode = true, null_padding = false, "
        # An undecodable byte is written as four characters, a quotation mark as two.
        f"parallel = false, max_line_size = {5 * MAX_LINE})"
    )


class UnreadableFileError(Exception):
    """The file as a whole is no CSV file; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Header:
    """The first record: its column names and the line the data begins on."""

    names: list[str]
    lines: int
    encoding: str


@dataclass(frozen=True)
class Transcript:
    """What became of one file: records written to the clean file, and broken ones set aside."""

    good: int
    broken: int


def read_header(source: Path, *, encoding: str, delimiter: str) -> Header:
    """The column names of a CSV file. Raises UnreadableFileError."""
    with source.open("rb") as file:
        first = file.readline(MAX_LINE)
    if not first.strip():
        raise UnreadableFileError("is empty: it has no header line")
    # A UTF-8 mark is never the beginning of a GB18030 header, so it outranks the declaration.
    encoding = "utf-8-sig" if first.startswith(codecs.BOM_UTF8) else encoding
    try:
        line = first.decode(encoding).lstrip("\ufeff").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"has a header that is not {encoding}: byte {error.start} is {first[error.start]:#04x}"
        ) from None
    fields = split_record(line, delimiter)
    if not isinstance(fields, list):
        raise UnreadableFileError("has a header with a broken quotation mark")
    return Header(names=[field.strip() for field in fields], lines=1, encoding=encoding)


def transcribe(
    source: Path, *, clean: Path, broken: Path, header: Header, delimiter: str
) -> Transcript:
    """Write every good record to ``clean`` (its line, then its fields) and every broken one to
    ``broken`` (line, raw text, reason): UTF-8, comma, no header.

    A line of more than 4 MiB is no record: of it the beginning is kept.
    """
    with (
        source.open("rb") as file,
        clean.open("w", encoding="utf-8", newline="") as good_file,
        broken.open("w", encoding="utf-8", newline="") as broken_file,
    ):
        writer = _Writer(good_file, broken_file, header, delimiter)
        for number, block, is_whole in _blocks(file):
            skip = header.lines if number == 1 else 0
            if is_whole:
                writer.take(block, number=number, skip=skip)
            else:
                writer.refuse(block, number=number)
        writer.end()
    return Transcript(good=writer.good, broken=writer.broken)


def split_record(record: str, delimiter: str) -> list[str] | str:
    """The fields of one record (RFC 4180), or why it is none: ``open`` when a quoted field does
    not end in it, ``broken_quotes`` when text follows a closing quotation mark.
    """
    fields = []
    position = 0
    while True:
        if record.startswith('"', position):
            end = position + 1
            while True:
                end = record.find('"', end)
                if end < 0:
                    return "open"
                if not record.startswith('"', end + 1):
                    break
                end += 2
            fields.append(record[position + 1 : end].replace('""', '"'))
            position = end + 1
            if position < len(record) and record[position] != delimiter:
                return "broken_quotes"
        else:
            end = record.find(delimiter, position)
            end = len(record) if end < 0 else end
            fields.append(record[position:end])
            position = end
        if position >= len(record):
            return fields
        position += 1


def _blocks(file: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Whole lines, about a mebibyte at a time, each block with the number of its first line; of a
    line that is too long only the beginning, which is not whole.
    """
    number, rest = 1, b""
    while chunk := file.read(_BLOCK):
        rest += chunk
        # 0x0A is never the trail byte of a GB18030 character, so lines may be cut before decoding.
        whole, newline, tail = rest.rpartition(b"\n")
        if newline:
            yield number, whole + newline, True
            number += whole.count(b"\n") + 1
        elif len(rest) > MAX_LINE:
            yield number, rest[:_SHOWN], False
            tail = _behind_line(file)
            number += 1
        rest = tail
    if rest:
        yield number, rest, True


def _behind_line(file: IO[bytes]) -> bytes:
    """Read on to the end of a line; returns what was read behind it."""
    while chunk := file.read(_BLOCK):
        _, newline, tail = chunk.partition(b"\n")
        if newline:
            return tail
    return b""


class _Writer:
    """Sorts lines into good and broken records. Lines of an unfinished record wait in ``_open``."""

    def __init__(
        self, good_file: IO[str], broken_file: IO[str], header: Header, delimiter: str
    ) -> None:
        self.good = 0
        self.broken = 0
        self._good_file = good_file
        self._broken_file = broken_file
        self._encoding = header.encoding
        self._width = len(header.names)
        self._delimiter = delimiter
        self._plain = delimiter == ","
        self._open: list[tuple[int, str]] = []
        self._open_size = 0

    def take(self, block: bytes, *, number: int, skip: int) -> None:
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError:
            text = None
        if text is None or self._open or '"' in text or "\r" in text.replace("\r\n", "\n"):
            lines = block.removesuffix(b"\n").split(b"\n")[skip:]
            for current, line in enumerate(lines, start=number + skip):
                self._take_bytes(line, current)
        else:
            self._take_plain(text.replace("\r\n", "\n"), number=number, skip=skip)

    def refuse(self, beginning: bytes, *, number: int) -> None:
        """A line of which nobody keeps the whole."""
        self.end()
        raw = beginning.decode(self._encoding, errors="backslashreplace")
        self._set_aside(number, raw, LINE_TOO_LONG)

    def end(self) -> None:
        """A record that is still open at the end of the file never was one."""
        while self._open:
            self._give_up()

    def _take_plain(self, text: str, *, number: int, skip: int) -> None:
        """The common case: no quotation mark and no bad byte in a whole block."""
        delimiter, separators, out = self._delimiter, self._width - 1, []
        lines = text.split("\n")
        for current, line in enumerate(lines[skip:], start=number + skip):
            if not line:
                continue
            if line.count(delimiter) != separators:
                self._set_aside(current, line, self._wrong_width(line.count(delimiter) + 1))
            elif self._plain:
                out.append(f"{current},{line}\n")
            else:
                out.append(f"{current},{_quoted(line.split(delimiter))}\n")
        self.good += len(out)
        self._good_file.write("".join(out))

    def _take_bytes(self, line: bytes, number: int) -> None:
        line = line.removesuffix(b"\r")
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError:
            while self._open:
                self._give_up()
            raw = line.decode(self._encoding, errors="backslashreplace")
            self._set_aside(number, raw, "undecodable_bytes")
            return
        self._take_line(number, text)

    def _take_line(self, number: int, text: str) -> None:
        if not text and not self._open:
            return
        self._open.append((number, text))
        self._open_size += len(text)
        fields = split_record("\n".join(line for _, line in self._open), self._delimiter)
        if isinstance(fields, list):
            record, self._open, self._open_size = self._open, [], 0
            if len(fields) == self._width:
                self.good += 1
                self._good_file.write(f"{record[0][0]},{_quoted(fields)}\n")
            else:
                raw = "\n".join(line for _, line in record)
                self._set_aside(record[0][0], raw, self._wrong_width(len(fields)))
        elif (
            fields == "broken_quotes"
            or len(self._open) > _MAX_RECORD_LINES
            or self._open_size > MAX_LINE
        ):
            self._give_up()

    def _give_up(self) -> None:
        """The first waiting line opened a quotation that is none; the others get another chance."""
        (number, text), *rest = self._open
        self._open, self._open_size = [], 0
        self._set_aside(number, text, "broken_quotes")
        for later_number, later_text in rest:
            self._take_line(later_number, later_text)

    def _wrong_width(self, width: int) -> str:
        return "short_row" if width < self._width else "long_row"

    def _set_aside(self, line: int, raw: str, reason: str) -> None:
        self.broken += 1
        self._broken_file.write(_quoted([str(line), raw[:_SHOWN], reason]) + "\n")


def _quoted(fields: list[str]) -> str:
    return ",".join('"' + field.replace('"', '""') + '"' for field in fields)
