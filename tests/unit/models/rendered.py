"""Macros of the product rendered by dbt: expressions by name become SQL by name.

Add here what tests of macros share. Keep out: what a macro must do (the test modules say it).
"""

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path

from dbt.cli.main import dbtRunner

from citybase.settings import project_root


def render(
    folder: Path, expressions: Mapping[str, str], files: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Compile each expression in a scratch project that has the product's macros.

    ``files`` are what the macros find in a project besides (sources, seeds), by path.
    """
    macros = project_root() / "dbt_project" / "macros"
    paths = [str(macros / room) for room in ("identifiers", "staging", "project", "library")]
    paths.append("macros")
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "dbt_project.yml").write_text(
        f"name: citybase\nversion: '1.0'\nprofile: scratch\nmacro-paths: {paths}\n"
        "vars: {city_division_prefix: '3713', city_address_prefix: [山东省, 临沂市]}\n",
        encoding="utf-8",
    )
    (folder / "profiles.yml").write_text(
        "scratch:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: ':memory:'}\n",
        encoding="utf-8",
    )
    text = "\n".join(f"--- {name}\n{body}" for name, body in expressions.items())
    arguments = ["--quiet", "--no-send-anonymous-usage-stats", "--no-version-check"]
    arguments += ["compile", "--inline", text, "--target-path", str(folder / "target")]
    arguments += ["--project-dir", str(folder), "--profiles-dir", str(folder)]
    with contextlib.redirect_stdout(io.StringIO()):
        outcome = dbtRunner().invoke([*arguments, "--log-path", str(folder / "logs")])
    assert outcome.success, outcome.exception
    compiled = outcome.result.results[0].node.compiled_code
    pieces = re.split(r"^--- (\w+)\n", compiled, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))
