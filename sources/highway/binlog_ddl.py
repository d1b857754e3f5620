"""Statements in the binary log: which of them concern a table, and what they do to it.

Rows are logged as rows; what stands there as a statement is TRUNCATE, a change of schema, or data
changed in statement format, which nobody can follow. Keep out: the rows.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sources.highway.binlog_event import Query

Effect = Literal["truncated", "schema_changed", "unreadable"]
Name = tuple[str, str]

_NOISE = re.compile(
    r"""
    '(?:[^'\\]|\\.|'')*'            # a text
    | "(?:[^"\\]|\\.|"")*"
    | /\*(?!M?!).*?\*/              # a comment; `/*!50003 …*/` is none
    | (?:--[ \t]|\#)[^\n]*
    """,
    re.VERBOSE | re.DOTALL,
)
_VERSIONED = re.compile(r"/\*M?!\d*|\*/")
_WORD = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_NAME = re.compile(rf"({_WORD})(?:\s*\.\s*({_WORD}))?")
_TRUNCATE = re.compile(r"truncate\s+(?:table\s+)?", re.IGNORECASE)
_DATABASE = re.compile(r"drop\s+(?:database|schema)\s+(?:if\s+exists\s+)?", re.IGNORECASE)
_TABLE = re.compile(
    r"(?:alter\s+(?:online\s+)?(?:ignore\s+)?|drop\s+|rename\s+|create\s+(?:or\s+replace\s+)?)"
    r"tables?\s+(?:if\s+(?:not\s+)?exists\s+)?",
    re.IGNORECASE,
)
_DATA = re.compile(
    r"(?:with\b.*?\b)?(?:insert|update|delete|replace|load\s+data)\b", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Concern:
    """What a statement does to one table, by its names in the source."""

    table: Name
    effect: Effect


def concerns(query: Query, *, wanted: Collection[Name]) -> list[Concern]:
    """Which of the wanted tables the statement concerns.

    A change of schema may be reported of a table that it only names: that costs a look at it, the
    opposite would cost data. So does a data statement in a database of ours.
    """
    text = _VERSIONED.sub(" ", _NOISE.sub(" ", query.text)).strip()
    found = _TRUNCATE.match(text)
    if found:
        named = _named(text[found.end() :], query.database)[:1]
        return [Concern(name, "truncated") for name in _matching(named, wanted)]
    found = _DATABASE.match(text)
    if found:
        dropped = _NAME.match(text[found.end() :])
        schema = _plain(dropped[1]) if dropped else ""
        return [
            Concern(name, "schema_changed")
            for name in wanted
            if _folded(name[0]) == _folded(schema)
        ]
    found = _TABLE.match(text)
    if found:
        named = _named(text[found.end() :], query.database)
        return [Concern(name, "schema_changed") for name in _matching(named, wanted)]
    if _DATA.match(text):
        named = _named(text, query.database)
        hit = _matching(named, wanted)
        # A view or a trigger may have written into any table of the database.
        ours = [name for name in wanted if _folded(name[0]) == _folded(query.database)]
        return [Concern(name, "unreadable") for name in hit or ours]
    return []


def _named(text: str, database: str) -> list[Name]:
    """Every word that could be the name of a table, with its database, in order."""
    found: list[Name] = []
    for first, second in _NAME.findall(text):
        found.append((_plain(first), _plain(second)) if second else (database, _plain(first)))
    return found


def _matching(named: list[Name], wanted: Collection[Name]) -> list[Name]:
    """Servers on Windows and some on Linux take names in any case."""
    folded = {(_folded(schema), _folded(table)) for schema, table in named}
    return [name for name in wanted if (_folded(name[0]), _folded(name[1])) in folded]


def _plain(word: str) -> str:
    return word[1:-1].replace("``", "`") if word.startswith("`") else word


def _folded(name: str) -> str:
    return name.casefold()
