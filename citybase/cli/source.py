"""`citybase source`: what the registry says, and whether the sources agree with it.

Keep out: reading data (`citybase extract`).
"""

import json
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from citybase.cli.console import open_console
from citybase.cli.discover import discover
from citybase.cli.problems import Problem, print_problems

app = typer.Typer(no_args_is_help=True)
console = open_console()
app.command("discover")(discover)


@app.command("list")
def list_sources(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """List every source system with its department, technology and tables."""
    from sources.registry import load_registry

    systems = load_registry().systems
    if as_json:
        facts: list[dict[str, Any]] = [
            {
                "system": system.system,
                "name": system.name,
                "department": system.department.name,
                "technology": system.connection.technology,
                "location_env": system.connection.location_env,
                "tables": [
                    {"table": table.table, "name": table.name, "mode": table.mode}
                    for table in system.tables
                ],
            }
            for system in systems
        ]
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    listing = Table(box=None)
    for heading in ("system", "name", "department", "technology", "tables"):
        listing.add_column(heading, overflow="fold")
    for system in systems:
        listing.add_row(
            system.system,
            system.name,
            system.department.name,
            system.connection.technology,
            ", ".join(table.table for table in system.tables),
        )
    console.print(listing)


@app.command("check")
def check_sources(
    systems: Annotated[
        list[str] | None, typer.Argument(help="Systems to check; all when none is named.")
    ] = None,
    *,
    connect: Annotated[
        bool, typer.Option(help="Also open each source and compare its tables and columns.")
    ] = False,
) -> None:
    """Check the registry files and, with --connect, that the sources still look like that.

    A dbt model that reads a table which the registry does not hold is refused too.
    """
    from citybase.settings import load_settings
    from sources.dbt_sources import refuse_models_without_source
    from sources.inspection import inspect_system
    from sources.registry import load_registry

    registry = load_registry()
    refuse_models_without_source(registry)
    chosen = [registry.system(code) for code in systems] if systems else list(registry.systems)
    tables = sum(len(system.tables) for system in chosen)
    console.print(f"The registry is well formed: {len(chosen)} systems, {tables} tables.")
    if not connect:
        return
    problems: list[Problem] = []
    for system in chosen:
        failures = inspect_system(load_settings(), system)
        problems += [Problem(failure.message, failure.remedy) for failure in failures]
        mark = "[red]✗[/]" if failures else "[green]✓[/]"
        console.print(f"  {mark} {system.system} [dim]{escape(system.name)}[/]", highlight=False)
    print_problems(console, problems)
    if problems:
        raise typer.Exit(1)


@app.command("generate")
def generate_sources() -> None:
    """Write the dbt source files and shape lists from the registry (never edited by hand)."""
    from sources.dbt_sources import refuse_models_without_source, write_generated
    from sources.registry import load_registry

    registry = load_registry()
    refuse_models_without_source(registry)
    for path in write_generated(registry):
        console.print(f"  written {path.name}", highlight=False)
