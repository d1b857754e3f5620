"""One writer: the advisory lock that every opener of ``warehouse.duckdb`` takes.

Everything that opens the warehouse file, Dagster or not, enters ``warehouse_lock`` first, so that a
second opener reads who is at work instead of an I/O error of DuckDB. Keep out: opening the
warehouse, and any lock of a landing table (``sources/landing.py``).
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from citybase.errors import LockedError
from citybase.settings import Settings

HELD_VARIABLE = "CITYBASE_WAREHOUSE_LOCK_HELD"
# How long a child is given to follow a parent that was killed.
ORPHAN_SECONDS = 5.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: a name, the process and since when (UTC, ISO 8601)."""

    name: str
    pid: int
    since: str

    def __str__(self) -> str:
        """One phrase for a message."""
        return f"{self.name} (process {self.pid}, since {self.since})"


def child_environment() -> Mapping[str, str]:
    """What a holder adds to the environment of a process it starts to work inside its own lock.

    The child's ``warehouse_lock`` then passes, as long as this process still holds the lock. The
    holder must have closed its own connection to the warehouse before.
    """
    return {HELD_VARIABLE: str(os.getpid())}


@contextmanager
def warehouse_lock(settings: Settings, holder: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the warehouse for the time of the block.

    ``holder`` is what a refused process reads, such as ``"bind"``; ``wait_seconds`` is how long to
    wait for another holder.

    Raises:
        LockedError: another process holds the warehouse; the message names it.
    """
    if _is_inside_parent(settings):
        yield
        return
    what, until = "the warehouse", time.monotonic() + wait_seconds
    with held(settings.warehouse_lock, holder, what=what, wait_seconds=wait_seconds):
        # The child of a holder that was killed takes a moment to notice, and has the file open.
        remaining = max(until - time.monotonic(), ORPHAN_SECONDS)
        with held(_inherited(settings), holder, what=what, wait_seconds=remaining):
            pass
        yield


@contextmanager
def inherited_lock(settings: Settings) -> Iterator[None]:
    """Keep others off the warehouse while this process works inside its parent's lock.

    The parent's own lock is free the moment it dies, this one when its child has followed. Outside
    of a parent's lock the block is entered at once.

    Raises:
        LockedError: another child of the parent works on the warehouse.
    """
    if not _is_inside_parent(settings):
        yield
        return
    with held(_inherited(settings), "dbt", what="the warehouse"):
        yield


@contextmanager
def held(
    path: Path, holder: str, *, what: str, wait_seconds: float = 0, remedy: str | None = None
) -> Iterator[None]:
    """Hold the flock on ``path``. The kernel frees it when the process dies, however it dies.

    Raises:
        LockedError: another process holds it; ``what`` names the thing in the message, and
            ``remedy`` is told when waiting is none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if not _locked_within(descriptor, wait_seconds=wait_seconds):
            refusal = _refusal(read_holder(path), what)
            raise LockedError(refusal.message, remedy=remedy) if remedy else refusal
        record = Holder(
            name=holder, pid=os.getpid(), since=datetime.now(UTC).isoformat(timespec="seconds")
        )
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(record), ensure_ascii=False).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def read_holder(path: Path) -> Holder | None:
    """The last holder written into the lock file; None when there is none to read."""
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _inherited(settings: Settings) -> Path:
    return settings.warehouse_lock.with_suffix(".child.lock")


def _is_inside_parent(settings: Settings) -> bool:
    parent, current = os.environ.get(HELD_VARIABLE), read_holder(settings.warehouse_lock)
    return bool(
        parent and current is not None and parent == str(current.pid) and _is_held(settings)
    )


def _is_held(settings: Settings) -> bool:
    descriptor = os.open(settings.warehouse_lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        return not _locked_within(descriptor, wait_seconds=0)
    finally:
        os.close(descriptor)


def _locked_within(descriptor: int, *, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


def _refusal(holder: Holder | None, what: str) -> LockedError:
    who = str(holder) if holder is not None else "another process"
    remedy = "Wait until it is done"
    if holder is not None:
        remedy += f", or end process {holder.pid} if it hangs"
    return LockedError(f"{what[:1].upper()}{what[1:]} is held by {who}.", remedy=f"{remedy}.")
