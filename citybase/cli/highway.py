"""`citybase highway`: the service that lands every change as it happens, and how it stands.

Keep out: the service itself (`sources/highway/service.py`).
"""

import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from citybase.cli.console import open_console

if TYPE_CHECKING:
    from sources.highway.status import HighwayStatus, SystemStatus

app = typer.Typer(no_args_is_help=True)
console = open_console()

_TICK_SECONDS = 1.0
_PHASES = {
    "begins": "[yellow]begins[/]",
    "streams": "[green]streams[/]",
    "waits": "[red]waits[/]",
    "ends": "[dim]ends[/]",
}


@app.command("run")
def run() -> None:
    """Capture every log, pull what is wanted in real time, until Ctrl-C or SIGTERM.

    What has landed stays, and the next start goes on from there. Ends with exit code 0.
    """
    from citybase.settings import load_settings
    from orchestration.highway import LandingReporter
    from orchestration.instance import open_instance
    from sources.highway.service import Highway
    from sources.registry import load_registry

    settings = load_settings()
    with open_instance(settings) as instance:
        reporter = LandingReporter(instance)
        highway = Highway(settings, load_registry(), on_landed=reporter.landed)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: highway.stop())
        console.print("The highway runs. `citybase highway status` shows how; Ctrl-C ends it.")
        with highway.started():
            while not highway.wait(_TICK_SECONDS):
                reporter.report_due()
        reporter.report()
    console.print("The highway has ended; nothing that was landed is lost.")


@app.command("status")
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print once, for a program.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Print once instead of refreshing.")] = False,
) -> None:
    """Show lag, rows, last error and what each source keeps for us.

    Refreshes every second on a terminal. Exit code 0 when all is well, 1 when something is not,
    3 when no highway runs here.
    """
    from citybase.settings import load_settings
    from sources.highway.health import ask_health

    settings = load_settings()
    found = ask_health(settings)
    if as_json:
        typer.echo(found.model_dump_json(indent=2) if found else "null")
    elif found is None:
        console.print("No highway runs here. Start it with `citybase highway run`.")
    elif once or not console.is_terminal:
        console.print(_screen(found))
    else:
        with Live(_screen(found), console=console, auto_refresh=False) as live:
            while found is not None:
                live.update(_screen(found), refresh=True)
                time.sleep(_TICK_SECONDS)
                found = ask_health(settings)
        console.print("The highway has ended.")
    raise typer.Exit(3 if found is None else int(not found.healthy))


def _screen(found: "HighwayStatus") -> RenderableType:
    """Everything on one screen: systems and tables, then what somebody should look at."""
    listing = Table(box=None, pad_edge=False, collapse_padding=True)
    listing.add_column("table", no_wrap=True)
    for heading in ("phase", "lag s", "rows", "quarantined", "last (UTC)", "source keeps"):
        listing.add_column(heading, justify="right", no_wrap=True)
    for system in found.systems:
        listing.add_row(
            f"[bold]{system.system}[/]",
            _PHASES[system.phase],
            _seconds(system.lag_s),
            f"{sum(table.rows for table in system.tables):,}",
            f"{sum(table.quarantined for table in system.tables):,}",
            "",
            _kept(system),
        )
        for table in system.tables:
            listing.add_row(
                f"  {table.table}",
                "",
                _seconds(table.lag_s),
                f"{table.rows:,}",
                f"{table.quarantined:,}",
                _instant(table.source_at),
                "",
            )
    for code, failure in found.pulls.items():
        listing.add_row(f"[bold]{code}[/]", "[red]fails[/]" if failure else "[green]pulls[/]")
    lines: list[RenderableType] = [listing]
    lines += [
        Text.from_markup(f"[red]✗[/] {system}: {escape(error)}")
        for system, error in found.pulls.items()
        if error
    ]
    if found.compaction_error:
        lines.append(Text.from_markup(f"[red]✗[/] compaction: {escape(found.compaction_error)}"))
    for event in found.events:
        where = event.system + (f".{event.table}" if event.table else "")
        # A column that came costs no row: it waits for the registry.
        mark = "[yellow]![/]" if event.kind == "column_added" else "[red]✗[/]"
        lines.append(
            Text.from_markup(
                f"{mark} {event.happened_at:%m-%d %H:%M} {where}: {escape(event.message)} "
                f"[dim]{escape(event.remedy)}[/]"
            )
        )
    return Group(*lines)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _instant(value: datetime | None) -> str:
    return "–" if value is None else f"{value:%m-%d %H:%M:%S}"


def _kept(system: "SystemStatus") -> str:
    if system.behind_bytes is None:
        return "–"
    of = (
        ""
        if system.left_bytes is None
        else f" of {_bytes(system.behind_bytes + system.left_bytes)}"
    )
    return f"{_bytes(system.behind_bytes)}{of}"


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.0f} TB"
