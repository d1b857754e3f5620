"""What a sample says about types: promises that SQLite does not keep, dates and encodings in text.

Keep out: classes (``classes.py``). Values stay here; only what they look like goes on.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sources.conversion import form
from sources.discover.found import FoundColumn, Technology

_MIN_VALUES = 5
_MIN_SHARE = 0.9
_PATTERNS = {
    r"\d{8}": "%Y%m%d",
    r"\d{14}": "%Y%m%d%H%M%S",
    r"\d{1,2}/\d{1,2}/\d{4}": "%d/%m/%Y",
    r"\d{4}年\d{1,2}月\d{1,2}日": "%Y年%m月%d日",
}
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def fitted(column: FoundColumn, values: Sequence[str], technology: Technology) -> FoundColumn:
    """The column with a type that the sample keeps, and what else should be known about it."""
    texts = [value.strip() for value in values if value.strip()]
    if not texts:
        return column
    if technology == "sqlite" and column.type != "varchar":
        kept = [re.fullmatch(form(column.type), text, re.IGNORECASE) is not None for text in texts]
        if all(kept):
            return column
        if sum(kept) >= _MIN_SHARE * len(kept):
            return _noted(
                column, "a few values of the sample do not fit: their rows would not land"
            )
        note = f"declared {column.shown}, but the sample holds other values"
        return _noted(replace(column, type="varchar"), note)
    if column.type == "varchar" and len(texts) >= _MIN_VALUES:
        pattern = _date_pattern(texts)
        if pattern is not None:
            kind = "timestamp" if "%H" in pattern else "date"
            return _noted(column, f'looks like type: {kind}, format: "{pattern}"')
    encoding = _smuggled(texts) if technology == "mysql" else None
    return _noted(column, f"looks like latin1_holds: {encoding}") if encoding else column


def _date_pattern(texts: Sequence[str]) -> str | None:
    """The strptime pattern that every text keeps, as days from 1900 to 2100."""
    for shape, pattern in _PATTERNS.items():
        if all(re.fullmatch(shape, text) and _is_day(text, pattern) for text in texts):
            return pattern
    return None


def _is_day(text: str, pattern: str) -> bool:
    try:
        return 1900 <= datetime.strptime(text, pattern).year <= 2100  # noqa: DTZ007 - a local day
    except ValueError:
        return False


def _smuggled(texts: Sequence[str]) -> str | None:
    """The encoding in which texts that came as latin1 letters are Chinese, all of them."""
    foreign = [text for text in texts if not text.isascii()]
    if not foreign or any(_CHINESE.search(text) for text in foreign):
        return None
    for encoding, name in (("utf-8", "utf8mb4"), ("gbk", "gbk")):
        try:
            read = [_stored(text).decode(encoding) for text in foreign]
        except UnicodeError:
            continue
        if all(_CHINESE.search(text) for text in read):
            return name
    return None


def _stored(text: str) -> bytes:
    """MySQL's latin1 is cp1252 with the five free places filled."""
    return b"".join(
        bytes([ord(letter)]) if ord(letter) < 256 else letter.encode("cp1252") for letter in text
    )


def _noted(column: FoundColumn, note: str) -> FoundColumn:
    return replace(column, note="; ".join(filter(None, (column.note, note))))
