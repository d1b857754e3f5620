"""How problems that did not stop a command are printed at its end: what is wrong, what to do.

Keep out: errors that end a command (`main.py` prints those).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape


@dataclass(frozen=True)
class Problem:
    """Two sentences."""

    message: str
    remedy: str


def print_problems(console: Console, problems: Sequence[Problem]) -> None:
    """Each problem on two lines."""
    for problem in problems:
        console.print(f"[red]✗[/] {escape(problem.message)}", highlight=False, soft_wrap=True)
        console.print(f"  → {escape(problem.remedy)}", highlight=False, soft_wrap=True)
