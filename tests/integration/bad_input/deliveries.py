"""Files that are bad as a whole, or in a way that no single value is.

Each function makes the bytes of a delivery of columns ``id`` and ``v`` for one technology. Keep
out: single values (``matrix.py``).
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence

import xlsxwriter

_SHEET, _TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
_HUGE = 100 << 20
OPEN_LINES = 100
ENCODINGS = {"csv_utf8": "utf-8", "csv_gb18030": "gb18030"}


def table(technology: str, rows: Sequence[Sequence[object]]) -> bytes:
    """A delivery of these rows, the header among them."""
    if technology == "http":
        names, *records = rows
        return answer([", ".join(map(_member, names, record)) for record in records])
    if technology in ENCODINGS:
        lines = (",".join(str(value) for value in row) for row in rows)
        return ("\n".join(lines) + "\n").encode(ENCODINGS[technology])
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            sheet.write_string(number, column, str(value))
    book.close()
    return buffer.getvalue()


def _member(name: object, value: object) -> str:
    return f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"


def answer(records: Sequence[str]) -> bytes:
    """A list of records, each given as the text of its members."""
    return f"[{', '.join(f'{{{record}}}' for record in records)}]".encode()


def half(technology: str) -> bytes:
    return good(technology)[:-10]


def torn_text(technology: str) -> bytes:
    return table(technology, [("id", "v"), (1, "@")]).replace(b"@", b"a\xff")


def bare_nan(_technology: str) -> bytes:
    return answer(['"id": 1, "v": NaN'])


def web_page(_technology: str) -> bytes:
    return "<!DOCTYPE html><html><body>系统维护中</body></html>".encode()


def gzipped(_technology: str) -> bytes:
    """An answer of some kilobytes that is a gigabyte of blanks inside."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        for _ in range(10):
            file.write(b" " * _HUGE)
    return buffer.getvalue()


def huge_field(technology: str) -> bytes:
    return table(technology, [("id", "v"), (1, "甲"), (5, "x" * _HUGE), (9, "乙")])


def good(technology: str) -> bytes:
    return table(technology, [("id", "v"), (1, "甲"), (9, "乙")])


def twice(technology: str) -> bytes:
    return table(technology, [("id", "v", "v"), (1, "甲", "丙")])


def short(technology: str) -> bytes:
    return table(technology, [("id", "v"), (1, "甲"), (5,), (9, "乙")])


def empty(_technology: str) -> bytes:
    return b""


def cut_off(technology: str) -> bytes:
    return good(technology)[:-400]


def encrypted(_technology: str) -> bytes:
    """An OLE file, whose directory names its streams in UTF-16 (MS-OFFCRYPTO)."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1024) + "EncryptedPackage".encode("utf-16-le")
    )


def half_a_sheet(technology: str) -> bytes:
    return repacked(good(technology), _SHEET, lambda part: part[:-100])


def torn_xml(technology: str) -> bytes:
    return repacked(good(technology), _TEXTS, lambda part: part.replace("甲".encode(), b"\xff\xff"))


def bomb(technology: str) -> bytes:
    """A sheet of two gibibytes of blanks, in two megabytes."""
    return repacked(good(technology), _SHEET, lambda part: part, blanks=2 << 30)


def bomb_of_texts(technology: str) -> bytes:
    return repacked(good(technology), _TEXTS, lambda part: part, blanks=1 << 30)


def long_cell(technology: str) -> bytes:
    """Longer than Excel lets a cell be, as other programs write it."""
    return _with_cell(technology, "x" * 65_536)


def huge_cell(technology: str) -> bytes:
    return _with_cell(technology, "x" * _HUGE)


def long_line(technology: str) -> bytes:
    return table(technology, [("id", "v"), (1, "甲"), (5, "x" * _HUGE), (9, "乙")])


def open_quote(technology: str) -> bytes:
    """A quotation that nobody closes: all that follows would be one field."""
    lines = [("x" * (1 << 20),)] * OPEN_LINES
    return table(technology, [("id", "v"), (1, "甲"), (5, '"'), *lines, (9, "乙")])


def _with_cell(technology: str, text: str) -> bytes:
    cell = f'<c r="B3" t="inlineStr"><is><t>{text}</t></is></c>'
    row = f'<row r="3"><c r="A3" t="inlineStr"><is><t>5</t></is></c>{cell}</row>'
    content = table(technology, [("id", "v"), (1, "甲"), ("", ""), (9, "乙")])
    return repacked(content, _SHEET, lambda part: _with_row(part, row.encode()))


def _with_row(part: bytes, row: bytes) -> bytes:
    begin = part.index(b'<row r="3"')
    end = part.index(b"</row>", begin) + len(b"</row>")
    return part[:begin] + row + part[end:]


def repacked(
    content: bytes, name: str, change: Callable[[bytes], bytes], *, blanks: int = 0
) -> bytes:
    """The same package with one part written anew, and so many blanks behind it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            part = old.read(info)
            if info.filename != name:
                new.writestr(info.filename, part, zipfile.ZIP_DEFLATED)
                continue
            again = zipfile.ZipInfo(info.filename)
            again.compress_type = zipfile.ZIP_DEFLATED
            with new.open(again, "w", force_zip64=blanks > 1 << 30) as stream:
                stream.write(change(part))
                for _ in range(blanks >> 20):
                    stream.write(b" " * (1 << 20))
    return buffer.getvalue()
