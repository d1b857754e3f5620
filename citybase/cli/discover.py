"""`citybase source discover`: drafts the registry file of a database that nobody has described yet.

Keep out: looking at databases and drafting (`sources/discover/`).
"""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from sources.discover.draft import Answers, Draft, Samples
    from sources.discover.found import Catalogue, FoundSource

_SAMPLE_ROWS = 200

# The draft may go to standard output: what is said beside it does not.
console = Console(stderr=True)


def discover(  # noqa: PLR0913 - each is one answer that the registry wants
    url: Annotated[
        str,
        typer.Argument(
            help="postgresql://…, mysql://…, sqlite:///…, a SQLite file, the name of an "
            "environment variable that holds one, or - to read it from standard input. It is never "
            "written anywhere."
        ),
    ],
    *,
    output: Annotated[
        Path | None, typer.Option(help="The file to write; standard output when left out.")
    ] = None,
    schema: Annotated[
        str | None, typer.Option(help="The schema, where a database has several.")
    ] = None,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample", help=f"Look at {_SAMPLE_ROWS} rows of each table to suggest classes."
        ),
    ] = False,
    system: Annotated[
        str | None, typer.Option(help="Code of the system; from the database when left out.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call the system.")] = None,
    department: Annotated[str | None, typer.Option(help="Code of the department.")] = None,
    department_name: Annotated[str | None, typer.Option(help="Its name, if it is new.")] = None,
    uscc: Annotated[str | None, typer.Option(help="Its 统一社会信用代码, if it is new.")] = None,
    owner: Annotated[str | None, typer.Option(help="The desk that answers.")] = None,
    phone: Annotated[str | None, typer.Option(help="The telephone of that desk.")] = None,
    county: Annotated[
        str | None, typer.Option(help="Division code, for the system of a county.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print for a program.")] = False,
) -> None:
    """Draft the registry file of a database from its catalogue, reading no table through."""
    from citybase.settings import load_settings, source_environment
    from sources.discover.draft import VARIABLE_PREFIX, Answers, drafted, known_department
    from sources.discover.location import located, open_catalogue
    from sources.discover.render import rendered

    _refuse_ill_formed("--system", system)
    _refuse_ill_formed("--department", department)
    given = sys.stdin.readline() if url == "-" else url
    variable = given.strip() if given.strip().startswith(VARIABLE_PREFIX) else None
    answers = Answers(
        system=system or (variable.removeprefix(VARIABLE_PREFIX).lower() if variable else None),
        name=name,
        department=department,
        department_name=department_name,
        uscc=uscc,
        owner=owner,
        phone=phone,
        county=county,
    )
    environment = source_environment(load_settings())
    with (
        console.status("Reading the catalogue"),
        open_catalogue(located(given, environment), schema=schema) as catalogue,
    ):
        found = catalogue.found()
        samples = _samples(catalogue, found) if sample else {}
    known = known_department(department) if department else None
    draft = drafted(found, answers=answers, known=known, samples=samples)
    text = rendered(draft)
    if output is not None:
        _write(output, text)
    if as_json:
        typer.echo(json.dumps(_facts(draft), ensure_ascii=False, indent=2))
    elif output is None:
        typer.echo(text, nl=False)
    _print_next(draft, found, answers, output=output, is_set=variable == draft.location_env)


def _refuse_ill_formed(option: str, code: str | None) -> None:
    from sources.contract import CODE_PATTERN

    if code is not None and not re.fullmatch(CODE_PATTERN, code):
        raise typer.BadParameter("write lower-case English words joined by _", param_hint=option)


def _samples(catalogue: "Catalogue", found: "FoundSource") -> "Samples":
    from citybase.errors import SourceError

    samples = {}
    for table in found.tables:
        if table.obstacle is not None:
            continue
        try:
            samples[table.name] = catalogue.sample(table, rows=_SAMPLE_ROWS)
        except SourceError as error:
            console.print(f"[yellow]![/] {escape(error.message)}", highlight=False, soft_wrap=True)
    return samples


def _write(output: Path, text: str) -> None:
    from citybase.errors import RegistryError

    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RegistryError(
            f"{output} exists, and a draft never takes the place of a file.",
            remedy="Name another --output, and bring over what is new.",
        ) from None


def _facts(draft: "Draft") -> dict[str, Any]:
    return {
        "location_env": draft.location_env,
        "draft": draft.facts(),
        "remarks": {
            str(table.facts["table"]): {
                "table": list(table.remarks),
                "columns": {
                    str(column.facts["column"]): column.remark
                    for column in table.columns
                    if column.remark
                },
            }
            for table in draft.tables
        },
        "left_out": [
            {
                **table.facts,
                "columns": [dict(column.facts) for column in table.columns],
                "reason": table.obstacle,
            }
            for table in draft.left_out
        ],
        "passed_over": [
            {"name": thing.name, "reason": thing.reason} for thing in draft.passed_over
        ],
    }


def _print_next(
    draft: "Draft", found: "FoundSource", answers: "Answers", *, output: Path | None, is_set: bool
) -> None:
    system = str(draft.head["system"])
    columns = sum(len(table.columns) for table in draft.extractable)
    said = f"{len(draft.extractable)} tables with {columns} columns are drafted"
    said += f", {len(draft.left_out)} left out" if draft.left_out else ""
    said += f", {len(draft.passed_over)} passed over" if draft.passed_over else ""
    lines = [f"{said}."]
    lines += [
        f"  left out: {table.facts.get('source', table.facts['table'])}: {table.obstacle}"
        for table in draft.left_out
    ]
    folder = answers.department or "<department>"
    home = Path("sources") / "registry" / folder / f"{system}.yml"
    if output is None or output.parts[-2:] != home.parts[-2:]:
        lines.append(f"Next: save it as {home}, and fill in what says ???")
    else:
        lines.append(f"Next: fill in what says ??? in {output}")
    if draft.wanting_key:
        must = "you may take" if draft.extractable else "take at least one of"
        lines.append(
            f"  {must} the {len(draft.wanting_key)} without a key: take away the # before its "
            "lines, write its keys, and say `nullable: false` of them"
        )
    if not is_set:
        value = "the path of the file" if found.technology == "sqlite" else "the URL"
        lines.append(f"  export {draft.location_env}='…'   # {value}: it stands in no file")
    lines.append(f"  citybase source check --connect {system}")
    lines.append(f"  citybase extract {system}")
    for line in lines:
        console.print(escape(line), highlight=False, soft_wrap=True)
