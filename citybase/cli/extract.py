"""`citybase extract`: lands source tables and says what became of every row.

Keep out: how a source is read (`sources/extract.py`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from citybase.cli.console import open_console
from citybase.cli.problems import Problem, print_problems

if TYPE_CHECKING:
    from sources.extract import SystemResult

console = open_console()


def extract(
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems to extract; all when none is named.")
    ] = None,
    *,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table of the one named system.")
    ] = None,
    accept_volume: Annotated[
        bool,
        typer.Option(
            "--accept-volume", help="Vouch for how many rows arrive, however few or rejected."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """Read source systems into landing. A system that fails does not stop the others."""
    from citybase.settings import load_settings
    from sources.extract import extract_system
    from sources.registry import load_registry

    registry = load_registry()
    codes = systems or [system.system for system in registry.systems]
    if table and len(codes) != 1:
        raise typer.BadParameter(
            "name the one system that the table belongs to", param_hint="SYSTEMS"
        )
    if accept_volume and not systems:
        raise typer.BadParameter("name the systems you vouch for", param_hint="SYSTEMS")
    for code in codes:
        registry.system(code)
    results = []
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("extract", total=len(codes))
        for code in codes:
            progress.update(task, description=code)
            results.append(
                extract_system(
                    load_settings(),
                    code,
                    tables=table,
                    registry=registry,
                    accept_volume=accept_volume,
                )
            )
            progress.advance(task)
    if as_json:
        typer.echo(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=2))
    else:
        _print(results)
    if any(result.failures for result in results):
        raise typer.Exit(1)


def _print(results: Sequence["SystemResult"]) -> None:
    receipts = [receipt for result in results for receipt in result.receipts]
    listing = Table(box=None)
    listing.add_column("table", no_wrap=True)
    for heading in ("read", "landed", "quarantined", "batch", "seconds"):
        listing.add_column(heading, justify="right")
    for result in results:
        listing.add_row(f"[bold]{result.system_code}[/]")
        for receipt in result.receipts:
            listing.add_row(
                f"  {receipt.table_code}",
                f"{receipt.rows_read:,}",
                f"{receipt.rows_landed:,}",
                f"[yellow]{receipt.rows_quarantined:,}[/]" if receipt.rows_quarantined else "0",
                f"{receipt.batch_id}{' =' if receipt.unchanged else ''}",
                f"{receipt.seconds:.1f}",
            )
    listing.add_section()
    listing.add_row(
        f"{len(receipts)} tables",
        f"{sum(receipt.rows_read for receipt in receipts):,}",
        f"{sum(receipt.rows_landed for receipt in receipts):,}",
        f"{sum(receipt.rows_quarantined for receipt in receipts):,}",
    )
    console.print(listing)
    if any(receipt.unchanged for receipt in receipts):
        console.print("[dim]= the content equals the batch before[/]")
    for receipt in receipts:
        if receipt.pending:
            where = f"{receipt.system_code}.{receipt.table_code}"
            console.print(
                f"[yellow]not in the registry:[/] {where}: {escape(', '.join(receipt.pending))}",
                highlight=False,
                soft_wrap=True,
            )
        if receipt.resent:
            where = f"{receipt.system_code}.{receipt.table_code}"
            console.print(
                f"[yellow]passed over, their content had come before:[/] {where}: "
                f"{escape(', '.join(receipt.resent))}",
                highlight=False,
                soft_wrap=True,
            )
    print_problems(
        console,
        [
            Problem(failure.message, failure.remedy)
            for result in results
            for failure in result.failures
        ],
    )
