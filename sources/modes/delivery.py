"""Which deliveries of a drop folder were taken: the catalogue of mode ``file_drop``, and its rule.

A file is known by its name and by the SHA-256 of its bytes. The catalogue is a file beside the
segments that the position of a batch names, so that deliveries are taken in the ledger transaction
of their rows. Keep out: what is in the files (``file_drop.py``).
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

_BLOCK = 1 << 20
# A file may change twice within one tick of a file system's clock; the coarsest tick is two
# seconds (FAT). What is younger is read again to be sure.
_TICK_NS = 2_000_000_000

# ``standing``: its rows count. ``replaced``: another content came under its name.
# ``resent``: its content had come before, under another name.
Fate = Literal["standing", "replaced", "resent"]


@dataclass(frozen=True)
class Delivery:
    """One content that came under one name.

    ``seen`` is what the file system said of it, empty where that proves nothing; ``rows`` is the
    file of its rows, relative to the landing folder; ``made_by`` is what the registry asked for.
    """

    name: str
    sha256: str
    seen: str
    fate: Fate
    rows: str
    made_by: str


class Catalogue:
    """Every delivery that ever came."""

    def __init__(self, known: Iterable[Delivery]) -> None:
        """Begin with what is ``known``, oldest first."""
        self._replaced = [one for one in known if one.fate == "replaced"]
        self._now = {one.name: one for one in known if one.fate != "replaced"}
        self._taken = {one.sha256 for one in known if one.fate != "resent"}

    def of(self, name: str) -> Delivery | None:
        """What last came under a name."""
        return self._now.get(name)

    def is_resent(self, name: str, sha256: str) -> bool:
        """Whether a file only says again what was taken under another name. A name whose delivery
        stands is corrected by whatever comes under it.
        """
        known = self._now.get(name)
        return (known is None or known.fate == "resent") and sha256 in self._taken

    def take(self, delivery: Delivery) -> None:
        """Note a delivery; it replaces what came under its name."""
        known = self._now.get(delivery.name)
        if known is not None and known.fate == "standing" and known.sha256 != delivery.sha256:
            self._replaced.append(
                Delivery(known.name, known.sha256, known.seen, "replaced", "", known.made_by)
            )
        self._now[delivery.name] = delivery
        if delivery.fate != "resent":
            self._taken.add(delivery.sha256)

    @property
    def standing(self) -> list[Delivery]:
        """The deliveries whose rows count, by name."""
        return sorted(
            (one for one in self._now.values() if one.fate == "standing"), key=lambda one: one.name
        )

    def write(self, path: Path) -> None:
        """Write the catalogue; ``read_catalogue`` reads it."""
        kept = [asdict(one) for one in (*self._replaced, *self._now.values())]
        columns = pa.schema([(field.name, pa.string()) for field in fields(Delivery)])
        pq.write_table(pa.Table.from_pylist(kept, schema=columns), path)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in a file."""
    return Catalogue([Delivery(**row) for row in pq.read_table(path).to_pylist()])


def sha256_of(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal digits."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def seen(file: Path) -> str:
    """What tells that a file has not changed, without reading it; empty where nothing does."""
    found = file.stat()
    if time.time_ns() - max(found.st_ctime_ns, found.st_mtime_ns) < _TICK_NS:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
