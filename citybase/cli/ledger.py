"""`citybase ledger`: what has been landed, table by table, and what the city has gathered in all.

Keep out: what the ledger means (`sources/ledger.py`), what it adds up to (`sources/gathered.py`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from citybase.cli.console import open_console

if TYPE_CHECKING:
    from sources.gathered import Gathered, Item
    from sources.highway.progress import SourceEvent
    from sources.ledger import TableTotal

console = open_console()


def ledger(
    *,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="What was committed up to then: 2026-11-22T08:00+08:00; without an offset it is "
            "UTC, and a day alone is its beginning.",
        ),
    ] = None,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Items and rows by county and department.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """Show the newest batch of every table and how many rows it holds, the last failure where one
    stands, what happened to a source and is not over, and what the city has gathered.

    The tables of the sources first; then, apart, the identity register, in which citybase itself
    lands the keys it gave (in JSON: `is_own`). It is not in the sentence.

    The sentence comes from ledger rows alone. 县区: counties with a system of their own that has
    landed something. 部门: the city's departments that have. 项: source tables with a committed
    batch. 条: the rows that these tables held behind their newest batch. 数据高速通道累计: all rows
    that ever landed, those of a whole extraction only if it differed from the one before. From
    1亿 on, two decimals, never rounded up.
    """
    from citybase.settings import load_settings
    from citybase.store import open_store
    from sources.gathered import gathered
    from sources.highway.progress import open_events
    from sources.ledger import totals
    from sources.registry import load_registry

    moment = _moment(as_of)
    engine = open_store(load_settings())
    found = totals(engine, as_of=moment)
    events = open_events(engine) if moment is None else ()
    # A broken registry hides who brought what, not what was landed.
    if not as_json and not matrix:
        _print(found)
        _print_events(events)
    whole = gathered(engine, load_registry(), as_of=moment)
    engine.dispose()
    if as_json:
        facts = {
            **_facts(whole, moment),
            "tables": [_table_facts(total) for total in found],
            "events": [asdict(event) for event in events],
        }
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2, default=str))
        return
    if matrix:
        _print_matrix(whole)
    _print_sentence(whole, as_of=moment)


def _moment(text: str | None) -> datetime | None:
    """An instant as the store keeps it: UTC without zone."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time. Write it like 2026-11-22T08:00+08:00 or, in UTC, "
            "2026-11-22T00:00.",
            param_hint="--as-of",
        ) from None
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def _facts(whole: "Gathered", as_of: datetime | None) -> dict[str, object]:
    from sources.ledger import now

    return {
        "sentence": whole.sentence,
        "counties": whole.counties,
        "departments": whole.departments,
        "items": whole.items,
        "rows": whole.rows,
        "channel_rows": whole.channel_rows,
        "as_of": f"{(as_of or now()).isoformat()}Z",
        "matrix": [asdict(cell) for cell in whole.matrix],
        "unregistered": [_name(item) for item in whole.unregistered],
        "uncounted": [_name(item) for item in whole.uncounted],
    }


def _table_facts(total: "TableTotal") -> dict[str, object]:
    return {**asdict(total), "is_own": _is_own(total)}


def _name(item: "Item") -> str:
    return f"{item.system_code}.{item.table_code}"


def _is_own(total: "TableTotal") -> bool:
    from sources.identity_register import SYSTEM

    return total.system_code == SYSTEM


def _print(found: tuple["TableTotal", ...]) -> None:
    listing = Table(box=None, pad_edge=False, collapse_padding=True)
    listing.add_column("table", no_wrap=True)
    for heading in ("batches", "newest", "at (UTC)", "read", "landed", "quarantined", "holds"):
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


def _print_events(events: "Sequence[SourceEvent]") -> None:
    """What happened to sources beside their rows, and is not over."""
    for event in events:
        where = event.system_code + (f".{event.table_code}" if event.table_code else "")
        console.print(
            f"[yellow]![/] {event.happened_at:%Y-%m-%d %H:%M} {where} {event.kind}: "
            f"{escape(event.message)} [dim]{escape(event.remedy)}[/]",
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
        f"{sum(batch.rows_held or 0 for batch in batches):,}",
    )


def _newest(total: "TableTotal") -> tuple[str, ...]:
    if total.last is None:
        return ("–",) * 6
    return (
        str(total.last.batch_id),
        f"{total.last.committed_at:%m-%d %H:%M}",
        f"{total.last.rows_read:,}",
        f"{total.last.rows_landed:,}",
        f"{total.last.rows_quarantined:,}",
        "–" if total.last.rows_held is None else f"{total.last.rows_held:,}",
    )


def _print_matrix(whole: "Gathered") -> None:
    """A line for each department of each county; most pairs have nothing and no line."""
    listing = Table(box=None, pad_edge=False, collapse_padding=True)
    listing.add_column("county, department", no_wrap=True)
    for heading in ("items", "rows", "channel"):
        listing.add_column(heading, justify="right", no_wrap=True)
    for county_code, cells in groupby(whole.matrix, key=lambda cell: cell.county_code):
        listing.add_row(f"[bold]{county_code or '全市'}[/]")
        for cell in cells:
            listing.add_row(
                f"  {escape(cell.department_name or 'no longer in the registry')}",
                str(cell.items),
                f"{cell.rows:,}",
                f"{cell.channel_rows:,}",
            )
    console.print(listing)


def _print_sentence(whole: "Gathered", *, as_of: datetime | None) -> None:
    remarks = [
        ("no longer in the registry, and counted", whole.unregistered),
        ("landed by a citybase that did not count rows, and counted as none", whole.uncounted),
    ]
    console.print()
    for remark, items in remarks:
        if items:
            listed = ", ".join(_name(item) for item in items)
            console.print(f"[yellow]{remark}:[/] {escape(listed)}", highlight=False, soft_wrap=True)
    when = f"[dim]as of {as_of.isoformat(sep=' ')} UTC:[/] " if as_of else ""
    console.print(f"{when}{whole.sentence}", highlight=False, soft_wrap=True)
