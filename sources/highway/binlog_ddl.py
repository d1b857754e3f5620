"""Statements in the binary log: which of them concern a table, and what they do to it.

Rows are logged as rows; what stands there as a statement is TRUNCATE, a change of schema, or data
changed in statement format, which nobody can follow. Keep out: the rows.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sources.highway.binlog_event import Query

Effect = Literal["truncated", "altered", "schema_changed", "unreadable"]
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
_EXISTS = r"(?:if\s+(?:not\s+)?exists\s+)?"
_TRUNCATE = re.compile(r"truncate\s+(?:table\s+)?", re.IGNORECASE)
_DATABASE = re.compile(rf"drop\s+(?:database|schema)\s+{_EXISTS}", re.IGNORECASE)
_ALTER = re.compile(
    rf"alter\s+(?:online\s+)?(?:ignore\s+)?table\s+{_EXISTS}({_WORD}(?:\s*\.\s*{_WORD})?)",
    re.IGNORECASE,
)
_CREATE = re.compile(rf"create\s+(?:or\s+replace\s+)?table\s+{_EXISTS}", re.IGNORECASE)
_LISTED = re.compile(rf"(?:drop|rename)\s+tables?\s+{_EXISTS}", re.IGNORECASE)
_DATA = re.compile(
    r"(?:with\b.*?\b)?(?:insert|update|delete|replace|load\s+data)\b", re.IGNORECASE | re.DOTALL
)

# Parts of an ALTER TABLE that leave the rows as they are.
_HARMLESS = re.compile(
    r"""
    add\s(?!\s*system)
    | drop\s+(?:index|key|primary|foreign|constraint|check)\b
    | alter\b | rename\s+(?:index|key)\b | (?:en|dis)able\s+keys\b
    | (?:wait|nowait|lock|algorithm|comment|auto_increment|row_format|engine|force|order\s+by)\b
    | (?:default\s+)?(?:character\s+set|charset|collate)\b | stats_\w+ | key_block_size\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Those that change one column, named behind.
_COLUMN = re.compile(
    rf"(?:drop(?!\s+(?:partition|system|period)\b)|change|modify|rename\s+column)\s+"
    rf"(?:column\s+)?{_EXISTS}({_WORD})",
    re.IGNORECASE,
)
_RENAME = re.compile(rf"rename\s+(?:to\s+|as\s+|=\s*)?({_WORD}(?:\s*\.\s*{_WORD})?)", re.IGNORECASE)
_WAIT = re.compile(r"\s*(?:wait\s+\d+|nowait)\b", re.IGNORECASE)


_SNAPSHOT = "Take a new snapshot of the table."
TOLD: dict[Effect, str] = {
    "truncated": "was emptied",
    "altered": "was altered",
    "schema_changed": "was changed as a whole",
}
REMEDIES: dict[Effect, str] = {
    "truncated": "Nothing is to be done: it is empty from here on.",
    "altered": "Add the columns to the registry that are to be read.",
    "schema_changed": f"{_SNAPSHOT} If its columns changed, correct them in the registry first.",
    "unreadable": _SNAPSHOT,
}


@dataclass(frozen=True)
class Concern:
    """What a statement does to one table, by its names in the source."""

    table: Name
    effect: Effect


def concerns(query: Query, *, wanted: Mapping[Name, Collection[str]]) -> list[Concern]:
    """Which of the wanted tables the statement concerns; ``wanted`` has the columns of each.

    Where a statement may be read in two ways it concerns the table: that costs a new snapshot, the
    opposite would cost data.
    """
    text = _VERSIONED.sub(" ", _NOISE.sub(" ", query.text)).strip()
    if (found := _TRUNCATE.match(text)) is not None:
        named = _named(text[found.end() :], query.database)[:1]
        return [Concern(name, "truncated") for name in _matching(named, wanted)]
    if _DATA.match(text):
        hit = _matching(_named(text, query.database), wanted)
        # A view or a trigger may have written into any table of the database.
        ours = [name for name in wanted if _folded(name[0]) == _folded(query.database)]
        return [Concern(name, "unreadable") for name in hit or ours]
    changed = _changed(text, query.database, wanted)
    altered = _ALTER.match(text)
    kept = _matching(_named(altered[1], query.database), wanted) if altered is not None else []
    return [
        *(Concern(name, "schema_changed") for name in changed),
        *(Concern(name, "altered") for name in kept if name not in changed),
    ]


def _changed(text: str, database: str, wanted: Mapping[Name, Collection[str]]) -> list[Name]:
    """The tables whose columns or content a change of schema replaces."""
    if (found := _DATABASE.match(text)) is not None:
        dropped = _NAME.match(text[found.end() :])
        schema = _plain(dropped[1]) if dropped else ""
        return [name for name in wanted if _folded(name[0]) == _folded(schema)]
    if (found := _CREATE.match(text)) is not None:
        return _matching(_named(text[found.end() :], database)[:1], wanted)
    if (found := _LISTED.match(text)) is not None:
        return _matching(_named(text[found.end() :], database), wanted)
    if (found := _ALTER.match(text)) is not None:
        rest = _WAIT.sub(" ", text[found.end() :], count=1)
        parts = list(_parts(rest))
        altered = _matching(_named(found[1], database), wanted)
        touched = [
            name
            for name in altered
            if not all(_leaves_rows(part, columns=wanted[name]) for part in parts)
        ]
        renamed = [match[1] for part in parts if (match := _renames(part)) is not None]
        targets = [name for text in renamed for name in _named(text, database)]
        return list(dict.fromkeys([*touched, *_matching(targets, wanted)]))
    return []


def _leaves_rows(part: str, *, columns: Collection[str]) -> bool:
    """Whether every value of these columns is the same after this part of an ALTER TABLE."""
    if _HARMLESS.match(part):
        return True
    found = _COLUMN.match(part)
    return found is not None and _folded(_plain(found[1])) not in map(_folded, columns)


def _renames(part: str) -> "re.Match[str] | None":
    """The part's new name of the table, if it is such a part."""
    if re.match(r"rename\s+(?:column|index|key)\b", part, re.IGNORECASE):
        return None
    return _RENAME.match(part)


def _parts(text: str) -> Iterator[str]:
    """What stands between the commas that are in no brackets and no quoted name."""
    depth, start, quoted = 0, 0, False
    for place, letter in enumerate(text):
        if letter == "`":
            quoted = not quoted
        elif not quoted and letter in "()":
            depth += 1 if letter == "(" else -1
        elif not quoted and letter == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def _named(text: str, database: str) -> list[Name]:
    """Every word that could be the name of a table, with its database, in order."""
    found: list[Name] = []
    for first, second in _NAME.findall(text):
        found.append((_plain(first), _plain(second)) if second else (database, _plain(first)))
    return found


def _matching(named: Collection[Name], wanted: Collection[Name]) -> list[Name]:
    """Servers on Windows and some on Linux take names in any case."""
    folded = {(_folded(schema), _folded(table)) for schema, table in named}
    return [name for name in wanted if (_folded(name[0]), _folded(name[1])) in folded]


def _plain(word: str) -> str:
    return word[1:-1].replace("``", "`") if word.startswith("`") else word


def _folded(name: str) -> str:
    return name.casefold()
