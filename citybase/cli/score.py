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

# By verdict: ``citybase.score.verdict.Verdict`` is a text, and that package is slow to load.
_MARKS = {
    "reached": "[green]✓[/]",
    "undecided": "[yellow]~[/]",
    "missed": "[red]✗[/]",
    "none": "–",
}


def score(
    *, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
) -> None:
    """Compare the published libraries with the truth; exit code 1 when a goal is missed (✗)."""
    from citybase.score import score_published

    found = score_published(load_settings())
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        print_score(open_console(), found)
    if not found.met:
        raise typer.Exit(1)


def print_score(console: Console, found: "Score", *, of_missed_goals_only: bool = False) -> None:
    """A line per figure and per kind of damage, what is under its goal, then other misses.

    Lines are made for 80 columns; no name is cut.
    """
    for library in dict.fromkeys(figure.library for figure in found.figures):
        console.print(_figure_table(found, library))
        console.print()
    for library in dict.fromkeys(defect.library for defect in found.defects):
        console.print(_defect_table(found, library))
        console.print()
    console.print(
        "✓ goal reached   ~ under it, perhaps by chance   ✗ missed   – nothing to judge",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )
    _print_under_goal(console, found)
    if of_missed_goals_only:
        return
    for figure in found.figures:
        if not figure.verdict.is_under_goal:
            _print_examples(
                console,
                f"{figure.library}.{figure.code}",
                figure.total - figure.right,
                figure.examples,
            )
    for defect in found.defects:
        name = f"{defect.library}.{defect.defect}"
        if not defect.verdict.is_under_goal:
            _print_examples(console, name, defect.missed, defect.examples)
        if not defect.false_verdict.is_under_goal:
            _print_examples(
                console, f"{name}, its alarms", defect.false or 0, defect.false_examples
            )


def _print_under_goal(console: Console, found: "Score") -> None:
    if not found.under_goal:
        console.print("Nothing is under its goal.", highlight=False)
        return
    console.print("[bold]Under the goal[/]")
    for one in found.under_goal:
        console.print(
            f"{_MARKS[one.verdict]} {one.name}: {one.right:,} of {one.total:,},"
            f" {one.share:.4%} of {_goal(one.goal)}",
            highlight=False,
            soft_wrap=True,
        )
        for example in one.examples:
            console.print(f"    {escape(example)}", highlight=False, soft_wrap=True)


def _table(title: str, name: str, counts: tuple[str, ...]) -> Table:
    table = Table(box=None, title=title, title_justify="left", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(name, no_wrap=True)
    for count in counts:
        table.add_column(count, justify="right", no_wrap=True)
    return table


def _figure_table(found: "Score", library: str) -> Table:
    table = _table(library, "figure", ("right", "total", "share", "goal", ""))
    for figure in found.figures:
        if figure.library == library:
            table.add_row(
                figure.code,
                f"{figure.right:,}",
                f"{figure.total:,}",
                f"{figure.share:.4%}" if figure.total else "–",
                _goal(figure.goal),
                _MARKS[figure.verdict],
            )
    return table


def _defect_table(found: "Score", library: str) -> Table:
    table = _table(
        f"{library}: what became of the damage in the sources",
        "damage",
        ("injected", "caught", "aside", "missed", "share", "goal", "", "false"),
    )
    for defect in found.defects:
        if defect.library == library:
            table.add_row(
                defect.defect,
                f"{defect.injected:,}",
                f"{defect.caught:,}",
                f"{defect.set_aside:,}",
                f"{defect.missed:,}",
                f"{defect.share:.2%}" if defect.injected else "–",
                "–" if defect.goal is None else _goal(defect.goal),
                _MARKS[defect.verdict],
                "–" if defect.false is None else f"{defect.false:,} {_MARKS[defect.false_verdict]}",
            )
    return table


def _goal(goal: float) -> str:
    """99.9% as it is, 100.0% as 100%."""
    return f"{goal * 100:.4g}%"


def _print_examples(console: Console, name: str, misses: int, examples: tuple[str, ...]) -> None:
    if examples:
        console.print(
            f"[dim]Some of {misses:,} misses of {name}, cut for privacy:[/]",
            highlight=False,
            soft_wrap=True,
        )
    for example in examples:
        console.print(f"  {escape(example)}", highlight=False, soft_wrap=True)
