"""The consoles commands print on.

Add here what is true of every table a command prints. Keep out: what a command prints.
"""

import os
import sys

from rich.console import Console

# Wider than any table: what reads a pipe or a file has no edge to fold at.
UNBOUNDED = 10_000


def open_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console on stdout or stderr, looked up whenever it prints."""
    return _as_wide_as_read(Console(stderr=stderr, quiet=quiet))


def bound_console() -> Console:
    """A console on stdout as it is now: a run sends what is printed later elsewhere."""
    return _as_wide_as_read(Console(file=sys.stdout))


def _as_wide_as_read(console: Console) -> Console:
    """As wide as its terminal, or as COLUMNS says; without either it cuts and folds nothing."""
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNBOUNDED
    return console
