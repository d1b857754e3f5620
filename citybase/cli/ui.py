"""`citybase ui`: the Dagster UI on this installation, on loopback only.

Keep out: what Dagster shows (`orchestration/`).
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from citybase.settings import load_settings, project_root


def ui(
    *,
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.")] = 3000,
) -> None:
    """Open Dagster (web server and daemon) on the same assets; Ctrl-C ends it."""
    from orchestration.instance import dagster_environment, open_instance

    settings = load_settings()
    # Made in one process first: two that open a new storage at once break it.
    with open_instance(settings):
        pass
    environment = {**os.environ, **dagster_environment(settings)}
    dagster = Path(sys.executable).parent / "dagster"
    arguments = ["dev", "-h", "127.0.0.1", "-p", str(port), "-w", "workspace.yaml"]
    typer.echo(f"Dagster on http://127.0.0.1:{port} (Ctrl-C ends it)")
    os.chdir(project_root())
    os.execve(dagster, [str(dagster), *arguments], environment)  # noqa: S606 - our own executable
