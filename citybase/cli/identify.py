"""`citybase identify`: what numbers are and whether they hold, for people and for programs.

Add an option here when a reader of the answer needs one. Keep out: the rules (citybase.identifiers)
and anything that looks a number up in the city's data.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape

from citybase.cli.console import open_console
from citybase.errors import IdentifierError
from citybase.identifiers import Kind
from citybase.identifiers import identify as identify_numbers
from citybase.identifiers.vocabulary import KIND_NAMES, REASONS

# China keeps one time all year; a fixed offset needs no time-zone files on the machine.
_CITY_TIME = timezone(timedelta(hours=8))


def _from_stdin() -> list[str]:
    """One number a line; blank lines are passed over.

    Raises:
        IdentifierError: nothing is piped in, nothing is in it, or it is not UTF-8.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise IdentifierError(
            "No number was given.",
            remedy="Write numbers behind the command, or pipe them in, one a line.",
        )
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise IdentifierError(
            f"Standard input is not UTF-8 (byte {error.start}).",
            remedy="Convert it first, e.g. `iconv -f GB18030 -t UTF-8 numbers.txt`.",
        ) from error
    numbers = [line for line in text.splitlines() if line.strip()]
    if not numbers:
        raise IdentifierError(
            "Standard input holds no number.",
            remedy="Pipe numbers in, one a line, or write them behind the command.",
        )
    return numbers


def _plain(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows as a program reads them: the parts a kind has not are left out."""
    rows = frame.to_dicts()
    for row in rows:
        row["parts"] = {name: value for name, value in row["parts"].items() if value is not None}
    return rows


def _print(console: Console, row: dict[str, Any]) -> None:
    """One line per number, then why, then what its parts say: nothing is cut on a narrow screen."""
    verdict = "[green]有效[/]" if row["valid"] else "[red]无效[/]"
    console.print(
        f"[bold]{escape(row['number'])}[/]  {KIND_NAMES[Kind(row['kind'])]}  {verdict}",
        highlight=False,
        soft_wrap=True,
    )
    for code in row["reasons"]:
        console.print(f"    {REASONS[code].chinese} ({code})", highlight=False, soft_wrap=True)
    parts = " · ".join(f"{name} {value}" for name, value in row["parts"].items())
    if parts:
        console.print(f"    [dim]{escape(parts)}[/]", highlight=False, soft_wrap=True)


def identify(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            help="Numbers of any kind. Without any, standard input is read, one number a line:"
            " that keeps personal numbers out of the shell's history.",
            show_default=False,
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array, in the order of the input.")
    ] = False,
) -> None:
    """Say of every number what it is, whether it is valid and why not, and what its parts say.

    Exit code 0 when every number is valid, 1 when one is not (all are answered first), 2 when none
    was given.
    """
    given = numbers or _from_stdin()
    rows = _plain(identify_numbers(given, as_of=datetime.now(tz=_CITY_TIME).date()))
    if as_json:
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        sys.stdout.write(f"[\n{lines}\n]\n")
    else:
        console = open_console()
        for row in rows:
            _print(console, row)
    if not all(row["valid"] for row in rows):
        raise typer.Exit(1)
