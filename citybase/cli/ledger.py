"""`citybase ledger`: what has been landed, table by table.

Keep out: what the ledger means (`sources/ledger.py`).
"""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from sources.ledger import TableTotal

console = Console()


def ledger(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """Show the newest batch of every table, and the last failure where one stands."""
    from citybase.settings import load_settings
    from citybase.store import open_store
    from sources.ledger import totals

    engine = open_store(load_settings())
    found = totals(engine)
    engine.dispose()
    if as_json:
        facts = [asdict(total) for total in found]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
    else:
        _print(found)


def _print(found: tuple["TableTotal", ...]) -> None:
    listing = Table(box=None)
    listing.add_column("table", overflow="fold")
    for heading in ("batches", "last", "committed (UTC)", "read", "landed", "quarantined"):
        listing.add_column(heading, justify="right")
    listing.add_column("last failure", overflow="fold")
    for total in found:
        last = total.last
        listing.add_row(
            f"{total.system_code}.{total.table_code}",
            str(total.batches),
            str(last.batch_id) if last else "–",
            f"{last.committed_at:%Y-%m-%d %H:%M:%S}" if last else "–",
            f"{last.rows_read:,}" if last else "–",
            f"{last.rows_landed:,}" if last else "–",
            f"{last.rows_quarantined:,}" if last else "–",
            f"[red]{escape(total.error)}[/]" if total.error else "",
        )
    batches = [total.last for total in found if total.last is not None]
    listing.add_section()
    listing.add_row(
        f"{len(found)} tables",
        str(sum(total.batches for total in found)),
        "",
        "",
        f"{sum(batch.rows_read for batch in batches):,}",
        f"{sum(batch.rows_landed for batch in batches):,}",
        f"{sum(batch.rows_quarantined for batch in batches):,}",
    )
    console.print(listing)
