"""`citybase ledger`: what has been landed, table by table.

Keep out: what the ledger means (`sources/ledger.py`).
"""

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from citybase.cli.console import open_console

if TYPE_CHECKING:
    from sources.ledger import TableTotal

console = open_console()


def ledger(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """Show the newest batch of every table, and the last failure where one stands.

    The tables of the sources first; then, apart, the identity register, in which citybase itself
    lands the keys it gave (in JSON: `is_own`).
    """
    from citybase.settings import load_settings
    from citybase.store import open_store
    from sources.ledger import totals

    engine = open_store(load_settings())
    found = totals(engine)
    engine.dispose()
    if as_json:
        facts = [{**asdict(total), "is_own": _is_own(total)} for total in found]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
    else:
        _print(found)


def _is_own(total: "TableTotal") -> bool:
    from sources.identity_register import SYSTEM

    return total.system_code == SYSTEM


def _print(found: tuple["TableTotal", ...]) -> None:
    listing = Table(box=None, pad_edge=False, collapse_padding=True)
    listing.add_column("table", no_wrap=True)
    for heading in ("batches", "newest", "at (UTC)", "read", "landed", "quarantined"):
        listing.add_column(heading, justify="right", no_wrap=True)
    own = [total for total in found if _is_own(total)]
    _add_part(listing, [total for total in found if not _is_own(total)], called="tables")
    if own:
        listing.add_row()
        _add_part(listing, own, called="own tables")
    console.print(listing)
    if own:
        console.print(
            f"[dim]{own[0].system_code} is no source: there citybase lands the keys it gave.[/]",
            highlight=False,
            soft_wrap=True,
        )
    for total in found:
        if total.error:
            console.print(
                f"[red]✗[/] {total.failed_at:%Y-%m-%d %H:%M} {escape(total.error)}",
                highlight=False,
                soft_wrap=True,
            )


def _add_part(listing: Table, totals: list["TableTotal"], *, called: str) -> None:
    """Tables of one sort under their systems, and the sum of them."""
    for system_code, group in groupby(totals, key=lambda total: total.system_code):
        listing.add_row(f"[bold]{system_code}[/]")
        for total in group:
            listing.add_row(f"  {total.table_code}", str(total.batches), *_newest(total))
    batches = [total.last for total in totals if total.last is not None]
    listing.add_section()
    listing.add_row(
        f"{len(totals)} {called}",
        str(sum(total.batches for total in totals)),
        "",
        "",
        f"{sum(batch.rows_read for batch in batches):,}",
        f"{sum(batch.rows_landed for batch in batches):,}",
        f"{sum(batch.rows_quarantined for batch in batches):,}",
    )


def _newest(total: "TableTotal") -> tuple[str, ...]:
    if total.last is None:
        return ("–",) * 5
    return (
        str(total.last.batch_id),
        f"{total.last.committed_at:%m-%d %H:%M}",
        f"{total.last.rows_read:,}",
        f"{total.last.rows_landed:,}",
        f"{total.last.rows_quarantined:,}",
    )
