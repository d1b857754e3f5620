"""`citybase bind`: points the warehouse at what landing holds now.

Keep out: how (`sources/raw.py`).
"""

from datetime import datetime
from typing import Annotated

import typer

from citybase.cli.console import open_console

console = open_console()


def bind(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day dated states are computed for."),
    ] = None,
    wait: Annotated[float, typer.Option(help="Seconds to wait for another holder.")] = 0,
) -> None:
    """Bind raw.* and meta.* of the warehouse to one committed cut of all sources."""
    from citybase.settings import load_settings
    from sources.raw import bind as bind_cut

    cut = bind_cut(load_settings(), as_of=as_of.date() if as_of else None, wait_seconds=wait)
    console.print(
        f"Cut {cut.cut_id}: {cut.batches} batches, {cut.rows:,} rows, as of {cut.as_of_date}."
    )
    if cut.unlanded:
        console.print(f"[yellow]Never landed, so empty:[/] {', '.join(cut.unlanded)}")
