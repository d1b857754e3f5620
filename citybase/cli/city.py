"""`citybase city`: make the synthetic city, start and stop its servers, look at it, drop it.

Keep out: everything about what the city holds (`sources/simulator/`).
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from citybase.cli.console import open_console
from citybase.errors import SettingsError
from citybase.settings import load_settings, source_environment

if TYPE_CHECKING:
    from sources.simulator import CityStatus, EvolveReport

app = typer.Typer(no_args_is_help=True)
console = open_console()


@app.command()
def create(
    *,
    seed: Annotated[int, typer.Option(help="Another seed is another city.")] = 1,
    scale: Annotated[float, typer.Option(help="1 is eleven million residents.")] = 0.001,
    today: Annotated[
        str | None, typer.Option(help="The last day anybody wrote something down (YYYY-MM-DD).")
    ] = None,
) -> None:
    """Generate the city, start its servers and fill them; safe to repeat."""
    from sources.simulator import DEFAULT_TODAY, CityPlan, create_city

    plan = CityPlan(seed=seed, scale=scale, today=_day(today) or DEFAULT_TODAY)
    settings = load_settings()
    report = create_city(settings, plan, on_step=lambda step: console.print(f"  [dim]{step}[/]"))
    done = "stands already" if report.is_reused else "is made"
    console.print(
        f"[bold green]The city {done}[/]: {report.residents:,} residents, "
        f"{report.source_rows:,} rows in {len(report.tables)} tables, "
        f"content {report.content_hash}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"Its systems are located by {settings.city_environment}", markup=False, soft_wrap=True
    )


@app.command()
def start() -> None:
    """Start the city's servers."""
    from sources.simulator import start_city

    servers = start_city(load_settings())
    console.print(f"PostgreSQL runs (pid {servers.postgresql.pid})", highlight=False)
    if servers.mariadb:
        console.print(f"MariaDB runs (pid {servers.mariadb.pid})", highlight=False)


@app.command()
def stop() -> None:
    """Stop exactly the city's own servers."""
    from sources.simulator import stop_city

    ended = stop_city(load_settings())
    console.print("The servers are stopped" if ended else "No server of the city was running")


@app.command()
def status(
    *,
    tables: Annotated[bool, typer.Option("--tables", help="One line per table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """What the city was planned as, what its systems hold, whether its servers run."""
    from sources.simulator import city_status

    found = city_status(load_settings())
    if as_json:
        typer.echo(json.dumps(_as_json(found), ensure_ascii=False, indent=2))
    elif found.plan is None:
        console.print("There is no complete city. Make one: [bold]citybase city create[/]")
    else:
        _print(found, tables=tables)


@app.command()
def evolve(
    *,
    days: Annotated[int, typer.Option(help="How many days the city lives on.")],
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Let the city live on: births, deaths, moves, corrections, late and repeated deliveries.

    Safe to repeat after an interruption: the same command completes what was begun.
    """
    from sources.simulator import evolve_city

    quiet = open_console(quiet=as_json)
    report = evolve_city(
        load_settings(), days, on_step=lambda step: quiet.print(f"  [dim]{step}[/]")
    )
    if as_json:
        typer.echo(json.dumps(_evolved(report), ensure_ascii=False, indent=2))
    else:
        _print_evolved(report)


@app.command()
def drop() -> None:
    """Stop the servers and remove everything the city put on disk."""
    from sources.simulator import drop_city

    drop_city(load_settings())
    console.print("The city is gone")


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{text} is no day.", remedy="Write --today YYYY-MM-DD.") from None


def _as_json(found: "CityStatus") -> dict[str, object]:
    plan = found.plan
    return {
        "seed": plan.seed if plan else None,
        "scale": plan.scale if plan else None,
        "today": plan.today.isoformat() if plan else None,
        "elapsed_days": plan.elapsed_days if plan else None,
        "now": plan.now.isoformat() if plan else None,
        "evolving_to": found.evolving_to,
        "residents": plan.residents if plan else None,
        "content_hash": found.content_hash,
        "postgresql_pid": found.server_pid,
        "mariadb_pid": found.mariadb_pid,
        "stand_ins": _stand_ins(),
        "tables": [asdict(table) for table in found.tables],
    }


def _evolved(report: "EvolveReport") -> dict[str, object]:
    return {
        "today": report.plan.today.isoformat(),
        "now": report.plan.now.isoformat(),
        "elapsed_days": report.plan.elapsed_days,
        "days": report.days,
        "is_repaired": report.is_repaired,
        "content_hash": report.content_hash,
        "seconds": round(report.seconds, 3),
        "events": report.events,
        "tables": [asdict(table) for table in report.tables],
        "deliveries": [asdict(delivery) for delivery in report.deliveries],
    }


def _print_evolved(report: "EvolveReport") -> None:
    states = {(one.system, one.table): one.state for one in report.deliveries}
    table = Table(box=None)
    for name in ("system", "table"):
        table.add_column(name)
    for name in ("inserted", "updated", "deleted"):
        table.add_column(name, justify="right")
    table.add_column("file")
    for change in report.tables:
        state = states.get((change.system, change.table), "")
        if change.inserted or change.updated or change.deleted or state:
            counts = (change.inserted, change.updated, change.deleted)
            table.add_row(change.system, change.table, *(f"{n:,}" for n in counts), state)
    console.print(table)
    console.print(
        "Events: " + (", ".join(f"{kind} {n:,}" for kind, n in report.events.items()) or "none"),
        highlight=False,
        soft_wrap=True,
    )
    repaired = " An interrupted run is completed." if report.is_repaired else ""
    console.print(
        f"[bold green]It is {report.plan.now}[/], {report.plan.elapsed_days} days after"
        f" {report.plan.today}; content {report.content_hash}, {report.seconds:.1f} s.{repaired}",
        highlight=False,
        soft_wrap=True,
    )


def _print(found: "CityStatus", *, tables: bool) -> None:
    assert found.plan is not None  # noqa: S101 - the caller asked
    console.print(
        f"Seed {found.plan.seed}, scale {found.plan.scale}, day {found.plan.now}"
        + (
            f" ({found.plan.elapsed_days} days after {found.plan.today})"
            if found.plan.elapsed_days
            else ""
        )
        + ": "
        f"{found.plan.residents:,} residents, content {found.content_hash}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(_tables(found) if tables else _departments(found))
    rows = sum(content.rows for content in found.tables)
    systems = len({content.system for content in found.tables})
    console.print(
        f"{rows:,} rows in {len(found.tables)} tables of {systems} systems", highlight=False
    )
    if found.evolving_to is not None:
        days = found.evolving_to - found.plan.elapsed_days
        console.print(
            f"[bold red]An evolve was interrupted[/]: run `citybase city evolve --days {days}`",
            highlight=False,
        )
    console.print(f"PostgreSQL {_running(found.server_pid)}", highlight=False)
    replaced = _stand_ins()
    if replaced:
        console.print(stand_in_sentence(replaced), highlight=False, soft_wrap=True)
    else:
        console.print(f"MariaDB {_running(found.mariadb_pid)}", highlight=False)


def stand_in_sentence(systems: Sequence[str]) -> str:
    """What there is in the place of a MariaDB that this machine does not have."""
    return (
        f"MariaDB is not installed: {', '.join(systems)} are SQLite files, compared by hashes where"
        " the registry says log"
    )


def _stand_ins() -> tuple[str, ...]:
    from sources.registry import load_registry
    from sources.stand_in import stand_ins

    return stand_ins(load_registry(), source_environment(load_settings()))


def _running(pid: int | None) -> str:
    return f"runs (pid {pid})" if pid else "does not run"


def _tables(found: "CityStatus") -> Table:
    table = Table(box=None)
    table.add_column("system")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for content in found.tables:
        table.add_row(content.system, content.table, f"{content.rows:,}")
    return table


def _departments(found: "CityStatus") -> Table:
    """One line per system, under the name of its department; the counties come last."""
    from sources.registry import load_registry

    table = Table(box=None)
    for column in ("department", "system", "technology"):
        table.add_column(column)
    for column in ("tables", "rows"):
        table.add_column(column, justify="right")
    systems = {system.system: system for system in load_registry().systems}
    counted: dict[str, list[int]] = {}
    for content in found.tables:
        counted.setdefault(content.system, []).append(content.rows)
    known = [systems[code] for code in counted if code in systems]
    department = None
    for system in sorted(known, key=lambda s: (s.level == "county", s.department.name, s.system)):
        rows = counted.pop(system.system)
        table.add_row(
            "" if system.department.code == department else system.department.name,
            system.system,
            system.connection.technology,
            f"{len(rows)}",
            f"{sum(rows):,}",
        )
        department = system.department.code
    for code, rows in counted.items():
        table.add_row("no longer registered", code, "", f"{len(rows)}", f"{sum(rows):,}")
    return table
