"""dbt as a child that neither outlives its parent nor is left behind by it.

`citybase-dbt` is dbt itself with two promises added: while it runs it keeps others off the
warehouse, and it ends when the process that started it is gone, however that ended. Keep out: its
environment and its arguments (``project.py``, ``assets/warehouse.py``).
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from citybase.lock import inherited_lock
from citybase.settings import load_settings

_POLL_SECONDS = 0.5
# dbt cancels its queries when interrupted; a statement that does not heed that is ended for it.
_INTERRUPTED_SECONDS = 10.0
_TERMINATED = 128 + signal.SIGTERM


def main() -> None:
    """Entry point of `citybase-dbt`: what `dbt` does, with the same arguments and exit codes."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # dbt takes a second to import: the watch begins before.
    from dbt.cli.main import cli  # noqa: PLC0415

    with inherited_lock(load_settings()):
        cli()


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Have the child ended when the block is left, by an exception too.

    Dagster forwards an interrupt only if it comes while a line of dbt is being read.
    """
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                # What it still writes is read away: a full pipe would keep it waiting.
                process.communicate(timeout=_INTERRUPTED_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    # DuckDB recovers from an end at any moment; an orderly one would wait for the statement.
    os._exit(_TERMINATED)
