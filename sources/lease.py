"""Who reads landed files just now, so that nothing deletes them under the reader.

A build reads what its cut lists, and no other cut is bound while it runs: it needs no lease. An
extraction that compares with current rows does. Keep out: deleting (``compaction.py``).
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from citybase.store import reading, writing
from citybase.store.schema import compaction, cut, lease
from sources.ledger import now


@contextmanager
def leased(engine: sa.Engine, holder: str) -> Iterator[None]:
    """While the block runs, no file that the ledger lists now is deleted.

    To be entered before the ledger is asked which files there are.
    """
    with writing(engine) as connection:
        number = connection.scalar(
            lease.insert()
            .values(
                holder=holder,
                host=socket.gethostname(),
                pid=os.getpid(),
                compaction_id=sa.select(
                    sa.func.coalesce(sa.func.max(compaction.c.compaction_id), 0)
                ).scalar_subquery(),
                opened_at=now(),
            )
            .returning(lease.c.lease_id)
        )
    try:
        yield
    finally:
        with writing(engine) as connection:
            connection.execute(lease.delete().where(lease.c.lease_id == number))


def unread_before(engine: sa.Engine) -> int | None:
    """The newest compaction that every reader knows of: what that one replaced nobody reads.

    None when nobody reads anything. Leases of processes that are gone count for nothing.
    """
    with reading(engine) as connection:
        bound = connection.scalar(
            sa.select(cut.c.compaction_id)
            .where(cut.c.completed_at.is_not(None))
            .order_by(cut.c.cut_id.desc())
            .limit(1)
        )
        open_leases = connection.execute(sa.select(lease)).all()
    known = [int(row.compaction_id) for row in open_leases if _lives(row.host, row.pid)]
    if bound is not None:
        known.append(int(bound))
    return min(known, default=None)


def _lives(host: str, pid: int) -> bool:
    return host != socket.gethostname() or Path(f"/proc/{pid}").exists()
