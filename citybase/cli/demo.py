"""`citybase demo`: the main job on a synthetic city, with a summary a newcomer can read.

Writes ``reports/demo.json``. Keep out: every step of the way itself.
"""

import json
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from citybase.settings import Settings, load_settings

if TYPE_CHECKING:
    from citybase.score import Score
    from orchestration.run import RunOutcome

console = Console()


@dataclass(frozen=True)
class Holdings:
    """What the published libraries hold."""

    persons: int
    organisations: int
    licences: int


def demo(
    *,
    scale: Annotated[float, typer.Option(help="1 is eleven million residents.")] = 0.001,
    seed: Annotated[int, typer.Option(help="Another seed is another city.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print demo.json only.")] = False,
) -> None:
    """Make a synthetic city, extract it, build, check, publish, and compare with the truth."""
    from citybase.cli.outcome import print_checks, print_step
    from citybase.score import score_published
    from orchestration.run import run_job
    from sources.simulator import CityPlan, create_city

    settings = load_settings()
    out = Console(stderr=True) if as_json else console
    out.print("[bold]1/3[/] The synthetic city: servers, files and the truth about them")
    city = create_city(settings, CityPlan(seed=seed, scale=scale))
    out.print(f"  {city.residents:,} residents, {city.source_rows:,} rows in its source systems")
    out.print("[bold]2/3[/] full_build: extract, bind, build, check, publish")
    outcome = run_job(settings, on_step=lambda step: print_step(out, step))
    print_checks(out, outcome)
    if not outcome.succeeded:
        raise typer.Exit(1)
    out.print("[bold]3/3[/] The score against the truth")
    score = score_published(settings)
    report = _report(settings, outcome, score)
    path = settings.reports / "demo.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
    else:
        _print_summary(settings, report, score, path)
