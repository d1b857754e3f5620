"""Codes for tables and columns: lower-case words that are unique and reserved by no engine.

No pinyin is guessed: a Chinese name becomes the standard's word where ``vocabulary.py`` knows it,
and otherwise ``column_7``, by its place, with the Chinese name beside it in the registry. Keep out:
what the names mean for protection (``classes.py``).
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from citybase.duck import connect
from sources.contract import CODE_PATTERN
from sources.discover.found import FoundColumn, FoundTable
from sources.discover.vocabulary import BY_CHINESE, BY_INITIALS

_MAX_LENGTH = 50
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_NOTE = re.compile(r"\s*[（(\[【〔:：,,;;。/\n\t ].*", re.DOTALL)
# Reserved by Spark SQL (ANSI mode) and not by DuckDB.
_SPARK_RESERVED = frozenset(
    {
        "alter", "between", "commit", "create", "cross", "current_date",
        "current_time", "current_timestamp", "current_user", "delete", "drop", "escape",
        "exists", "external", "extract", "filter", "function", "global",
        "grant", "in", "insert", "is", "leading", "local",
        "merge", "minus", "natural", "no", "null", "of",
        "outer", "overlaps", "partition", "range", "revoke", "rollback",
        "row", "rows", "session_user", "set", "sql", "start",
        "table", "tables", "time", "truncate", "unknown", "update",
        "user", "values", "view", "with", "within", "without",
    }
)  # fmt: skip


def chinese_name(text: str | None) -> str | None:
    """The name at the beginning of a comment: ``性别(1男,2女)`` → 性别. None when it has none."""
    if text is None or not _CHINESE.search(text):
        return None
    stripped = text.strip()
    return _NOTE.sub("", stripped) or stripped


def column_codes(columns: Sequence[FoundColumn]) -> list[str]:
    """A code per column, in their order."""
    wanted = [
        _code(column.name, column.comment, kind="column", place=place)
        for place, column in enumerate(columns, start=1)
    ]
    return _unique(wanted)


def table_codes(tables: Sequence[FoundTable]) -> list[str]:
    """A code per table, in their order."""
    wanted = [
        _code(table.name, None, kind="table", place=place)
        for place, table in enumerate(tables, start=1)
    ]
    return _unique(wanted)


def system_code(name: str) -> str | None:
    """A code for a whole database; None when its name holds no letter that a code may have."""
    return _snake(name)


def _code(name: str, comment: str | None, *, kind: Literal["column", "table"], place: int) -> str:
    if kind == "column":
        said = chinese_name(comment) or chinese_name(name)
        if said is not None and said.lower() in BY_CHINESE:
            return BY_CHINESE[said.lower()]
        # 项目 is xm too: initials are believed only where nothing else is said.
        if said is None and name.lower() in BY_INITIALS:
            return BY_INITIALS[name.lower()]
    if name.isascii():
        code = _snake(name)
        if code is not None:
            return f"{code}_{kind}" if code in reserved_words() else code
    return f"{kind}_{place}"


def _snake(name: str) -> str | None:
    """``ResidentIDNo`` → resident_id_no, ``2020_income`` → n2020_income; None for 姓名."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)(?=[A-Z][a-z])", r"\1\3_\2", name)
    words = re.findall(r"[a-z0-9]+", spaced.lower())
    code = "_".join(words)[:_MAX_LENGTH].rstrip("_")
    if not re.search(r"[a-z]", code):
        return None
    code = code if code[0].isalpha() else f"n{code}"
    return code if re.fullmatch(CODE_PATTERN, code) else None


def _unique(wanted: Sequence[str]) -> list[str]:
    """The first keeps its code; later ones get a number that no other code has."""
    taken = set(wanted)
    seen: set[str] = set()
    codes = []
    for code in wanted:
        found, number = code, 1
        while found in seen or (number > 1 and found in taken):
            number += 1
            found = f"{code}_{number}"
        seen.add(found)
        codes.append(found)
    return codes


@cache
def reserved_words() -> frozenset[str]:
    """Words that DuckDB or Spark would not take for a bare column name."""
    with connect() as duck:
        rows = duck.execute(
            "select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'"
        ).fetchall()
    return _SPARK_RESERVED | {str(word) for (word,) in rows}
