"""Where a MariaDB stream stands: global transaction ids and the positions made of them.

A position is the text that MariaDB itself uses: the last transaction of every replication domain,
such as ``0-1-4711`` or ``0-1-4711,1-2-12``; empty is the beginning. Keep out: asking a server for
its position (``binlog_snapshot.py``) and reading events.
"""

import re
from dataclasses import dataclass
from typing import Self

_GTID = re.compile(r"(\d+)-(\d+)-(\d+)")


@dataclass(frozen=True, order=True)
class Gtid:
    """One transaction: ``domain-server-sequence``. Within a domain the sequence only grows."""

    domain: int
    server: int
    sequence: int

    def __str__(self) -> str:
        """As MariaDB writes it."""
        return f"{self.domain}-{self.server}-{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``0-1-4711``. Raises ValueError."""
        found = _GTID.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text!r} is no MariaDB transaction id like 0-1-4711")
        return cls(*(int(part) for part in found.groups()))


@dataclass(frozen=True)
class Position:
    """The last transaction of each domain that has been taken in, sorted by domain."""

    gtids: tuple[Gtid, ...] = ()

    def __str__(self) -> str:
        """As MariaDB writes it; the same position is always the same text."""
        return ",".join(map(str, self.gtids))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``0-1-4711,1-2-12`` or an empty text. Raises ValueError."""
        gtids = sorted(Gtid.parse(part) for part in text.split(",") if part.strip())
        if len({gtid.domain for gtid in gtids}) != len(gtids):
            raise ValueError(f"{text!r} names a replication domain twice")
        return cls(tuple(gtids))

    def covers(self, gtid: Gtid) -> bool:
        """Whether the transaction is before or at this position."""
        return any(
            known.domain == gtid.domain and gtid.sequence <= known.sequence for known in self.gtids
        )

    def covers_all(self, other: Self) -> bool:
        """Whether this position is at or behind the other one in every domain."""
        return all(self.covers(gtid) for gtid in other.gtids)

    def advanced(self, gtid: Gtid) -> "Position":
        """The position after this transaction."""
        others = [known for known in self.gtids if known.domain != gtid.domain]
        return Position(tuple(sorted([*others, gtid])))


def earliest(positions: list[Position]) -> Position:
    """The position from which a stream misses nothing of any of them.

    A domain that one of them does not name has to be read from its beginning.
    """
    if not positions:
        return Position()
    first, *rest = positions
    shared = []
    for gtid in first.gtids:
        found = [known for other in rest for known in other.gtids if known.domain == gtid.domain]
        if len(found) == len(rest):
            shared.append(min([gtid, *found], key=lambda known: known.sequence))
    return Position(tuple(shared))
