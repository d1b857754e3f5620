"""The commands about published files: publish, ask, list.

Add a command here when readers or operators of ``serving/`` need one. Keep out: how publishing
works (``citybase/serving/``).
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from citybase.cli.console import UNBOUNDED, open_console
from citybase.errors import WarehouseError
from citybase.settings import load_settings

if TYPE_CHECKING:
    from citybase.serving.publish import Publication

_SHOWN_ROWS = 50

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def publish(
    manifest: Annotated[
        Path | None,
        typer.Option(help="dbt's manifest.json; by default that of the project as it stands."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Publish the warehouse: one new version for every audience."""
    from citybase.serving.publish import publish as publish_warehouse

    settings = load_settings()
    if manifest is None:
        from orchestration.project import dbt_project

        # Parsed again when a file of the project changed: a class or mask that was tightened
        # since the build must hold at once.
        manifest = dbt_project(settings).manifest_path
    console = open_console(stderr=as_json)
    with console.status("publishing") as status:
        publication = publish_warehouse(
            settings,
            manifest=manifest,
            on_step=lambda step: status.update(f"publishing {step}"),
        )
    if as_json:
        typer.echo(json.dumps(_as_data(publication), ensure_ascii=False, indent=2))
        return
    table = Table("audience", "file", "tables", "rows", "", title=f"version {publication.batch}")
    for version in publication.versions:
        for file in version.files:
            table.add_row(
                version.audience,
                file.library,
                str(len(file.tables)),
                f"{sum(file.tables.values()):,}",
                "unchanged" if file.is_linked else "written",
            )
    console.print(table)


def query(
    sql: Annotated[str, typer.Argument(help="One SQL query, such as: from population.build")],
    audience: Annotated[str, typer.Option(help="analyst or steward.")] = "analyst",
    *,
    as_json: Json = False,
) -> None:
    """Ask the published files one question, read-only."""
    import duckdb

    from citybase.serving.open import lock_down, open_library, refuse_all_but_a_question

    with open_library(load_settings(), audience) as connection:
        lock_down(connection)
        try:
            refuse_all_but_a_question(connection, sql)
            relation = connection.sql(sql)
            columns = relation.columns if relation is not None else []
            rows = relation.fetchall() if relation is not None else []
        except duckdb.Error as error:
            raise WarehouseError(
                f"The query cannot be answered: {error}",
                remedy='Correct it; `citybase query "show all tables"` lists what there is.',
            ) from error
    if as_json:
        data = [dict(zip(columns, row, strict=True)) for row in rows]
        typer.echo(json.dumps(data, ensure_ascii=False, default=str))
        return
    console = open_console()
    _print_rows(console, columns, [tuple(map(_shown, row)) for row in rows[:_SHOWN_ROWS]])
    if len(rows) > _SHOWN_ROWS:
        console.print(f"{_SHOWN_ROWS} of {len(rows):,} rows; --json prints all.")


def _shown(value: object) -> Text:
    # Text and not str: a value such as [1, 2] is no markup.
    return Text("" if value is None else str(value))


def _print_rows(console: Console, columns: list[str], rows: list[tuple[Text, ...]]) -> None:
    """A table; where the terminal is too narrow for it, every row below the one before it."""
    table = Table()
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*row)
    options = console.options.update(max_width=UNBOUNDED)
    if not rows or Measurement.get(console, options, table).maximum <= console.width:
        console.print(table)
        return
    for number, row in enumerate(rows, start=1):
        record = Table.grid(padding=(0, 2))
        record.add_column(style="bold")
        record.add_column(overflow="fold")
        for column, value in zip(columns, row, strict=True):
            record.add_row(Text(column), value)
        console.rule(f"{number}", align="left")
        console.print(record)


def versions(*, as_json: Json = False) -> None:
    """List the published versions of every audience."""
    from citybase.serving.audience import AUDIENCES
    from citybase.serving.versions import (
        current_version,
        list_versions,
        read_record,
        version_folder,
    )

    settings = load_settings()
    found = []
    for audience in AUDIENCES:
        current = current_version(settings, audience.name)
        for batch in list_versions(settings, audience.name):
            folder = version_folder(settings, audience.name, version=batch)
            record = read_record(folder)
            found.append(
                {
                    "audience": audience.name,
                    "version": batch,
                    "is_current": batch == current,
                    "published_at": record.published_at.isoformat() if record else None,
                    "as_of_date": record.as_of_date.isoformat() if record else None,
                    "files": sorted(record.libraries) if record else [],
                    "folder": str(folder),
                }
            )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("audience", "version", "", "published (UTC)", "as of", "files")
    for row in found:
        table.add_row(
            str(row["audience"]),
            str(row["version"]),
            "current" if row["is_current"] else "",
            str(row["published_at"] or "?"),
            str(row["as_of_date"] or "?"),
            " ".join(row["files"]) if isinstance(row["files"], list) else "",
        )
    open_console().print(table)


def _as_data(publication: "Publication") -> dict[str, object]:
    return {
        "batch": publication.batch,
        "published_at": publication.published_at.isoformat(),
        "as_of_date": publication.as_of_date.isoformat(),
        "cut_id": publication.cut_id,
        "versions": [
            {
                "audience": version.audience,
                "folder": str(version.folder),
                "files": [
                    {
                        "library": file.library,
                        "tables": dict(file.tables),
                        "is_linked": file.is_linked,
                    }
                    for file in version.files
                ],
            }
            for version in publication.versions
        ],
    }
