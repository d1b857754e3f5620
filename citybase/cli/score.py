"""`citybase score`: how right the published libraries are about the synthetic city.

Keep out: what is counted (`citybase/score/`).
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from citybase.settings import load_settings

if TYPE_CHECKING:
    from citybase.score.figure import Score


def score(
    *, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
) -> None:
    """Compare the published libraries with the truth; exit code 1 when a goal is missed."""
    from citybase.score import score_published

    found = score_published(load_settings())
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        print_score(Console(), found)
    if not found.met:
        raise typer.Exit(1)


def print_score(console: Console, found: "Score") -> None:
    """A line per figure, then examples of the misses."""
    table = Table(box=None)
    for column in ("library", "figure"):
        table.add_column(column)
    for column in ("right", "total", "share", "goal"):
        table.add_column(column, justify="right")
    table.add_column("")
    for figure in found.figures:
        table.add_row(
            figure.library,
            figure.code,
            f"{figure.right:,}",
            f"{figure.total:,}",
            f"{figure.share:.4%}",
            f"{figure.goal:.1%}",
            "[green]✓[/]" if figure.met else "[red]✗[/]",
        )
    console.print(table)
    for figure in found.figures:
        if figure.examples:
            console.print(
                f"[dim]Some of {figure.total - figure.right:,} misses of "
                f"{figure.library}.{figure.code}, cut for privacy:[/]",
                highlight=False,
            )
        for example in figure.examples:
            console.print(
                f"[dim]{figure.library}.{figure.code}[/] {escape(example)}", highlight=False
            )
