"""Scratch dbt projects with the product's macros: expressions rendered, models run over few rows.

Add here what tests of macros and models share. Keep out: what a macro or a model must do (the test
modules say it).
"""

import contextlib
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jinja2
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from citybase.settings import project_root

HOME = project_root() / "dbt_project"
# What macros find in a project when they are rendered: two members of a shape, empty seeds.
_FOUND = {
    "macros/shape.sql": "{% macro shape_members(shape) %}{{ return({'county_grid': "
    "[('grid_a', 'county_a'), ('grid_b', 'county_b')]}[shape]) }}{% endmacro %}",
    "models/sources.yml": "version: 2\nsources:\n"
    + "".join(
        f"  - name: {system}\n    schema: raw\n    tables:\n      - name: resident\n"
        f"        identifier: {system}__resident\n"
        for system in ("grid_a", "grid_b")
    ),
    "seeds/code_crosswalk.csv": "code_set,system_code,source_value,standard_code\n",
    "seeds/code_division_succession.csv": "old_code,new_code\n",
    "seeds/code_division_national.csv": "division_code,division_name,valid_to,level\n",
}
# Of the project `render` works in: dbt reads its macros once in a process.
_PARSED: list[Manifest] = []


def render(folder: Path, expressions: Mapping[str, str]) -> dict[str, str]:
    """Compile expressions by name into SQL by name."""
    _write(folder, _FOUND, database=":memory:")
    if not _PARSED:
        _PARSED.append(_dbt(folder, "parse"))
    text = "\n".join(f"--- {name}\n{body}" for name, body in expressions.items())
    outcome = _dbt(folder, "compile", "--inline", text, manifest=_PARSED[0])
    pieces = re.split(r"^--- (\w+)\n", outcome.results[0].node.compiled_code, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def build(folder: Path, files: Mapping[str, str | Path], *, settings: str = "") -> None:
    """Build a project of ``files`` (texts, or files of the product, by path) in its ``warehouse``.

    ``settings`` are further lines of its ``dbt_project.yml``.
    """
    _write(folder, files, database=str(warehouse(folder)), settings=settings)
    _dbt(folder, "build")


def query(model: str, **macros: Callable[..., object]) -> str:
    """A model without dbt: it reads tables called as what it refers to, `<source>__<table>` for
    tables of a source, and calls ``macros`` for what it needs of the product's.
    """
    text = (HOME / "models" / f"{model}.sql").read_text(encoding="utf-8")
    engine = jinja2.Environment(autoescape=False)  # noqa: S701 - it is SQL
    return engine.from_string(text).render(ref=str, source="{}__{}".format, **macros)


def warehouse(folder: Path) -> Path:
    """The database of the project in ``folder``."""
    return folder / "scratch.duckdb"


def written(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str] = ()) -> Path:
    """Rows as a CSV file, with these columns or whatever any row has."""
    with path.open("w", newline="", encoding="utf-8") as file:
        names = columns or sorted({column for row in rows for column in row})
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def _write(
    folder: Path, files: Mapping[str, str | Path], *, database: str, settings: str = ""
) -> None:
    rooms = ("identifiers", "staging", "project", "library")
    paths = [*(str(HOME / "macros" / room) for room in rooms), "macros"]
    project = (
        f"name: citybase\nversion: '1.0'\nprofile: scratch\nmacro-paths: {paths}\n"
        "vars: {city_division_prefix: '3713', city_address_prefix: [山东省, 临沂市]}\n"
        "models: {+materialized: table}\n"
    )
    profile = (
        "scratch:\n  target: dev\n  outputs:\n"
        f"    dev: {{type: duckdb, path: '{database}', threads: 2}}\n"
    )
    given = {"dbt_project.yml": project + settings, "profiles.yml": profile, **files}
    for name, content in given.items():
        text = content.read_text(encoding="utf-8") if isinstance(content, Path) else content
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def _dbt(folder: Path, *command: str, manifest: Manifest | None = None):
    arguments = ["--quiet", "--no-send-anonymous-usage-stats", "--no-version-check", *command]
    arguments += ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    arguments += ["--log-path", str(folder / "logs"), "--target-path", str(folder / "target")]
    # dbt prints what it compiles, however quiet; the output of a benchmark is one JSON object.
    with contextlib.redirect_stdout(io.StringIO()) as said:
        outcome = dbtRunner(manifest=manifest).invoke(arguments)
    assert outcome.success, (outcome.exception, said.getvalue())
    return outcome.result
