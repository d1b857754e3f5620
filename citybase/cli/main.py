"""The command `citybase`: one module per room, put together here.

Add a command by writing it in its room's module and naming it here. Modules import what is heavy
inside their functions, so that `citybase --help` answers at once.
"""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from citybase.cli import (
    bench,
    bind,
    build,
    city,
    demo,
    extract,
    highway,
    identify,
    ledger,
    score,
    serving,
    source,
    ui,
)
from citybase.errors import CitybaseError
from citybase.private import make_private
from citybase.settings import load_settings

_INTERRUPTED = 130

app = typer.Typer(
    name="citybase",
    help="The data base of a city: population, legal-entity and e-licence libraries.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.add_typer(source.app, name="source", help="The registry of source systems.")
app.add_typer(city.app, name="city", help="The synthetic city to try everything on.")
app.add_typer(highway.app, name="highway", help="Every change of every table, as it happens.")
app.command("demo")(demo.demo)
app.command("extract")(extract.extract)
app.command("ledger")(ledger.ledger)
app.command("bind")(bind.bind)
app.command("build")(build.build)
app.command("dbt", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    build.dbt
)
app.command("publish")(serving.publish)
app.command("versions")(serving.versions)
app.command("query")(serving.query)
app.command("score")(score.score)
app.command("identify")(identify.identify)
app.command("bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    bench.bench
)
app.command("ui")(ui.ui)


def main() -> None:
    """Run the command line; an error on purpose is two sentences and exit code 2."""
    console = Console(stderr=True)
    try:
        make_private(load_settings())
        app()
    except BaseException as error:
        if _is_interrupt(error):
            console.print("Interrupted. What had landed stays; run the same command again.")
            sys.exit(_INTERRUPTED)
        if not isinstance(error, CitybaseError):
            raise
        console.print(
            f"[bold red]{type(error).__name__}[/]: {escape(error.message)}", soft_wrap=True
        )
        console.print(f"[bold]What to do[/]: {escape(error.remedy)}", soft_wrap=True)
        sys.exit(2)


def _is_interrupt(error: BaseException) -> bool:
    """Whether somebody pressed Ctrl-C.

    Typer turns an interrupt inside a command into an exit code, DuckDB one inside a query into a
    RuntimeError whose cause it is.
    """
    if isinstance(error, SystemExit):
        return error.code == _INTERRUPTED
    found: BaseException | None = error
    while found is not None and not isinstance(found, KeyboardInterrupt):
        found = found.__cause__
    return found is not None
