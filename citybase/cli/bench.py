"""`citybase bench`: run one of the measurements behind docs/benchmarks.md.

They count CPU-seconds and ratios within one run, because machines are shared. Keep out: the
measurements themselves (`benchmarks/`, one script each, which wheels leave out).
"""

import subprocess
import sys
from typing import Annotated

import typer

from citybase.errors import SettingsError
from citybase.settings import project_root


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The measurement, e.g. identifiers.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Measure one thing in CPU-seconds. Its own options, e.g. --scale, follow the name."""
    folder = project_root() / "benchmarks"
    scripts = {path.stem: path for path in sorted(folder.glob("[a-z]*.py"))}
    if name not in scripts:
        raise SettingsError(
            f"There is no measurement called {name!r} in {folder}.",
            remedy=f"Write one of: {', '.join(scripts) or 'none; use a checkout of the source'}.",
        )
    options = [*context.args, *(["--json"] if as_json else [])]
    command = [sys.executable, str(scripts[name]), *options]
    done = subprocess.run(command, check=False, cwd=project_root())  # noqa: S603 - own script
    raise typer.Exit(done.returncode)
