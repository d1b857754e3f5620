"""`citybase build` and `citybase dbt`: the jobs of Dagster, and dbt itself, from the shell.

Keep out: what a job holds (`orchestration/jobs.py`).
"""

import os
import subprocess
from typing import Annotated

import typer

from citybase.cli.console import bound_console
from citybase.settings import load_settings

console = bound_console()


def build(
    job: Annotated[str, typer.Argument(help="The job to run.")] = "full_build",
    *,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build every library anew.")
    ] = False,
) -> None:
    """Run a job in this process: full_build, or rebuild_population, _legal_entity, _licence."""
    from citybase.cli.outcome import StepPrinter, print_checks
    from orchestration.run import run_job
    from sources.dbt_sources import refuse_models_without_source
    from sources.registry import load_registry

    refuse_models_without_source(load_registry())
    outcome = run_job(
        load_settings(), job, is_full_refresh=full_refresh, on_step=StepPrinter(console)
    )
    print_checks(console, outcome)
    if not outcome.succeeded:
        console.print("[bold red]The build failed[/]: what is published stays as it was.")
        raise typer.Exit(1)


def dbt(context: typer.Context) -> None:
    """Run dbt on this installation's warehouse: `citybase dbt build --select <model>`."""
    from citybase.lock import child_environment, warehouse_lock
    from orchestration.project import dbt_environment, dbt_executable

    settings = load_settings()
    with warehouse_lock(settings, f"citybase dbt {' '.join(context.args[:1])}"):
        done = subprocess.run(  # noqa: S603 - our own executable, no shell
            [dbt_executable(), *context.args],
            env={**os.environ, **dbt_environment(settings), **child_environment()},
            check=False,
        )
    raise typer.Exit(done.returncode)
