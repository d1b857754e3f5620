"""Opens an Excel workbook (.xlsx, ECMA-376) for reading: its sheets, shared texts and formats.

Says plainly what a file that is no workbook is instead. Everything inside is inflated under a
limit, because a few kilobytes of zip may hold terabytes. Keep out: what number
formats mean (``excel_format.py``), the cells of a sheet (``sheet.py``) and what a table makes of
them (``xlsx.py``).
"""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self
from xml.parsers import expat

from sources.connectors.excel_format import Shown, shown
from sources.connectors.transcribe import UnreadableFileError

MAX_PART_BYTES = 1 << 30
MAX_TEXTS_BYTES = 1 << 28
_BLOCK = 1 << 18

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheet:
    """One worksheet: its name, whether people see it, and its part of the package."""

    name: str
    is_visible: bool
    part: str


class Workbook:
    """An open workbook. ``texts`` and ``formats`` are what cells refer to by number."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        """Read everything but the sheets. Raises UnreadableFileError."""
        self._package = package
        self._sizes = {info.filename: info.file_size for info in package.infolist()}
        book = self._target("", "officeDocument") or "xl/workbook.xml"
        if book not in self._sizes:
            raise UnreadableFileError("is a zip file but no Excel workbook")
        self._book = book
        self.sheets, self.is_1904 = self._read_book()
        self.texts = self._read_texts()
        self.formats = self._read_formats()

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a file for as long as the context lasts.

        Raises:
            UnreadableFileError: it is no workbook, is damaged, encrypted, or larger inside than any
                delivery may be; also while it is read.
            OSError: the file system refuses it.
        """
        with path.open("rb") as file:
            _refuse_other_files(file)
            with _explained():
                package = zipfile.ZipFile(file)
            with package:
                yield cls(package)

    def parse(self, part: str, parser: expat.XMLParserType, *, limit: int) -> None:
        """Feed one part of the package to a parser. Raises as ``blocks`` does."""
        for _ in self.feed(part, parser, limit=limit):
            pass

    def feed(
        self, part: str, parser: expat.XMLParserType, *, limit: int | None = None
    ) -> Iterator[None]:
        """The same, with a yield after each block, for whoever empties what has gathered."""
        for block in self.blocks(part, limit=limit):
            with _explained():
                parser.Parse(block, not block)
            yield

    def blocks(self, part: str, *, limit: int | None = None) -> Iterator[bytes]:
        """The inflated bytes of one part, the last block empty.

        Raises UnreadableFileError beyond ``limit`` (default: MAX_PART_BYTES).
        """
        limit = MAX_PART_BYTES if limit is None else limit
        if part not in self._sizes:
            raise UnreadableFileError(f"lacks a part of itself ({part})")
        if self._sizes[part] > limit:
            raise _too_large(part, limit)
        inflated, block = 0, b"-"
        with _explained():
            stream = self._package.open(part)
        with stream:
            while block:
                with _explained():
                    block = stream.read(_BLOCK)
                # What the directory of the package says of a size is only a claim.
                inflated += len(block)
                if inflated > limit:
                    raise _too_large(part, limit)
                yield block

    def _read_book(self) -> tuple[tuple[Sheet, ...], bool]:
        found: list[tuple[str, str, str]] = []
        is_1904 = False

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal is_1904
            if local(name) == "sheet":
                by_name = {local(key): value for key, value in attributes.items()}
                found.append((by_name["name"], by_name.get("state", "visible"), by_name["id"]))
            elif local(name) == "workbookPr":
                is_1904 = attributes.get("date1904", "0") in {"1", "true"}

        self.parse(self._book, new_parser(start), limit=MAX_TEXTS_BYTES)
        relations = self._relations(self._book)
        sheets = tuple(
            Sheet(name, state == "visible", relations[number][1])
            for name, state, number in found
            if number in relations and relations[number][0] == "worksheet"
        )
        return sheets, is_1904

    def _read_texts(self) -> list[str]:
        """The shared strings."""
        part = self._target(self._book, "sharedStrings")
        if part is None or part not in self._sizes:
            return []
        reader = _Texts()
        parser = new_parser(reader.start, reader.end, reader.characters)
        self.parse(part, parser, limit=MAX_TEXTS_BYTES)
        return reader.texts

    def _read_formats(self) -> list[Shown]:
        """How the cell style of each number shows a number."""
        part = self._target(self._book, "styles")
        if part is None or part not in self._sizes:
            return []
        codes: dict[int, str] = {}
        numbers: list[int] = []
        path: list[str] = []

        def start(name: str, attributes: dict[str, str]) -> None:
            path.append(local(name))
            if path[-1] == "numFmt":
                codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
            elif path[-2:] == ["cellXfs", "xf"]:
                numbers.append(int(attributes.get("numFmtId", "0")))

        self.parse(part, new_parser(start, lambda _: path.pop()), limit=MAX_TEXTS_BYTES)
        return [shown(number, codes.get(number)) for number in numbers]

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """By number: the kind of a related part and its name."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        found: dict[str, tuple[str, str]] = {}

        def start(name: str, attributes: dict[str, str]) -> None:
            if local(name) == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes["Target"]))
                kind = attributes["Type"].rpartition("/")[2]
                found[attributes["Id"]] = (kind, target.lstrip("/"))

        if listing in self._sizes:
            self.parse(listing, new_parser(start), limit=MAX_TEXTS_BYTES)
        return found

    def _target(self, part: str, kind: str) -> str | None:
        for found, target in self._relations(part).values():
            if found == kind:
                return target
        return None


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever a package that is none, or holds what it must not, raises on the way."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UnreadableFileError(f"is cut off or damaged ({error})") from None
    except (expat.ExpatError, ValueError, KeyError) as error:
        raise UnreadableFileError(f"is damaged inside ({error})") from None
    except RuntimeError as error:
        raise UnreadableFileError(f"is packed in a way Excel does not ({error})") from None


def new_parser(
    start: object = None, end: object = None, characters: object = None
) -> expat.XMLParserType:
    """An XML parser with these handlers. A document type, which no workbook has, is refused: it is
    how a short text is made to mean a very long one.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start  # type: ignore[assignment]
    parser.EndElementHandler = end  # type: ignore[assignment]
    parser.CharacterDataHandler = characters  # type: ignore[assignment]
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


class _Texts:
    """Collects shared strings; what is shown above them as a reading aid (``rPh``) is left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._inside = False
        self._is_aid = False

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        match local(name):
            case "si":
                self._pieces.clear()
            case "rPh":
                self._is_aid = True
            case "t":
                self._inside = not self._is_aid

    def end(self, name: str) -> None:
        match local(name):
            case "si":
                self.texts.append(unescaped("".join(self._pieces)))
            case "rPh":
                self._is_aid = False
            case "t":
                self._inside = False

    def characters(self, text: str) -> None:
        if self._inside:
            self._pieces.append(text)


def local(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def unescaped(text: str) -> str:
    """Characters that XML cannot hold are written ``_x000D_`` (ECMA-376 part 1, 22.9.2.19)."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _refuse_doctype(*_: object) -> None:
    raise UnreadableFileError("holds a document type, which no Excel workbook does")


def _too_large(part: str, limit: int) -> UnreadableFileError:
    return UnreadableFileError(f"is larger inside than {limit >> 20} MiB ({part}): it was not read")


def _refuse_other_files(file: IO[bytes]) -> None:
    """Name the usual suspects that come under the ending of a workbook."""
    begin = file.read(1 << 16)
    file.seek(0)
    if not begin:
        raise UnreadableFileError("is empty: it has no byte")
    if begin.startswith(_OLE):
        # Both kinds are OLE files; the directory names its streams in UTF-16.
        rest = begin + file.read(1 << 24)
        file.seek(0)
        if "EncryptedPackage".encode("utf-16-le") in rest:
            raise UnreadableFileError("is protected by a password")
        raise UnreadableFileError("is an Excel 97-2003 file (.xls) under another ending")
    if not begin.startswith(b"PK"):
        words = begin.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        what = "a web page" if words.startswith((b"<html", b"<!doctype", b"<table")) else "no zip"
        raise UnreadableFileError(f"is no Excel workbook (.xlsx): it is {what} inside")
