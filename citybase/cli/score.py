"""`citybase score`: how right the published libraries are about the synthetic city.

Keep out: what is counted (`citybase/score/`).
"""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from citybase.cli.console import open_console
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
        print_score(open_console(), found)
    if not found.met:
        raise typer.Exit(1)


def print_score(console: Console, found: "Score", *, of_missed_goals_only: bool = False) -> None:
    """A line per figure and per kind of damage, then examples of the misses."""
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
    if found.defects:
        console.print()
        console.print(_defect_table(found))
    for figure in found.figures:
        if of_missed_goals_only and figure.met:
            continue
        _print_examples(
            console, f"{figure.library}.{figure.code}", figure.total - figure.right, figure.examples
        )
    for defect in found.defects:
        if of_missed_goals_only and defect.met:
            continue
        _print_examples(
            console, f"{defect.library}.{defect.defect}", defect.missed, defect.examples
        )


def _defect_table(found: "Score") -> Table:
    table = Table(box=None, title="What became of the damage in the sources", title_justify="left")
    for column in ("library", "damage"):
        table.add_column(column)
    for column in ("injected", "caught", "missed", "false", "share", "goal"):
        table.add_column(column, justify="right")
    table.add_column("")
    for defect in found.defects:
        table.add_row(
            defect.library,
            defect.defect,
            f"{defect.injected:,}",
            f"{defect.caught:,}",
            f"{defect.missed:,}",
            "–" if defect.false is None else f"{defect.false:,}",
            f"{defect.share:.2%}" if defect.injected else "–",
            "–" if defect.goal is None else f"{defect.goal:.1%}",
            "" if defect.goal is None else "[green]✓[/]" if defect.met else "[red]✗[/]",
        )
    return table


def _print_examples(console: Console, name: str, misses: int, examples: tuple[str, ...]) -> None:
    if examples:
        console.print(
            f"[dim]Some of {misses:,} misses of {name}, cut for privacy:[/]",
            highlight=False,
            soft_wrap=True,
        )
    for example in examples:
        console.print(f"  {escape(example)}", highlight=False, soft_wrap=True)
