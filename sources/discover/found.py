"""What a catalogue says about a database: the same facts for every technology.

Add a fact here when the draft has to say something about it. Keep out: suggestions (codes, classes,
modes), which are made from these facts alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Literal, Self

Technology = Literal["postgresql", "mysql", "sqlite"]

# Tables up to this many rows are counted where the statistics say nothing; no count reads further.
COUNT_LIMIT = 100_000


@dataclass(frozen=True)
class FoundColumn:
    """One column. ``type`` is the registry type that holds its values without loss, ``shown`` the
    source's own type; ``note`` says what a person should know before keeping that type.
    """

    name: str
    type: str
    shown: str
    nullable: bool
    comment: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class FoundTable:
    """One table or view. ``key`` are the columns that tell its rows apart, empty when nothing
    vouches for it; ``rows`` is None when nobody knows, and at least COUNT_LIMIT when ``rows_are``
    "at least".
    """

    name: str
    comment: str | None
    columns: tuple[FoundColumn, ...]
    key: tuple[str, ...]
    has_primary_key: bool
    rows: int | None = None
    rows_are: Literal["counted", "estimated", "at least"] = "estimated"
    partitions: int = 0
    # Why it can not be extracted, other than for want of a key.
    obstacle: str | None = None
    # Columns that the source itself counts up (serial, auto_increment, rowid).
    counted_up: tuple[str, ...] = ()
    note: str | None = None
    # What it is when it is no table of its own, such as "a view".
    kind: str | None = None

    def counted(self, rows: int) -> "FoundTable":
        """The same with what a count that stops at COUNT_LIMIT found."""
        return replace(self, rows=rows, rows_are="at least" if rows >= COUNT_LIMIT else "counted")


@dataclass(frozen=True)
class PassedOver:
    """Something that nobody would extract: a sequence, part of an extension, a closed schema."""

    name: str
    reason: str


@dataclass(frozen=True)
class FoundSource:
    """One schema of one database."""

    technology: Technology
    database: str
    schema: str | None
    tables: tuple[FoundTable, ...]
    passed_over: tuple[PassedOver, ...] = ()
    # The encoding that the database declares, where that says nothing of what stands in it.
    worthless_encoding: str | None = None


class Catalogue(ABC):
    """An open database that is only looked at: read-only, with a statement timeout."""

    @abstractmethod
    def found(self) -> FoundSource:
        """Every table and view of the schema. Raises SourceError."""

    @abstractmethod
    def sample(self, table: FoundTable, *, rows: int) -> Mapping[str, Sequence[str]]:
        """At most ``rows`` values per column, as text, nulls left out. Raises SourceError."""

    @abstractmethod
    def close(self) -> None:
        """Leave the database."""

    def __enter__(self) -> Self:
        """The catalogue itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the database, whatever happened."""
        self.close()


def best_key(primary: Sequence[str], unique: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The primary key, else the shortest of the unique indexes without nulls (first by name)."""
    if primary:
        return tuple(primary)
    ordered = sorted(unique, key=lambda columns: (len(columns), list(columns)))
    return tuple(ordered[0]) if ordered else ()
