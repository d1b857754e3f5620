"""`citybase demo`: the main job on a synthetic city, with a summary a newcomer can read.

Writes ``reports/demo.json``. Keep out: every step of the way itself.
"""

import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.panel import Panel
from rich.table import Table

from citybase.cli.console import bound_console, open_console
from citybase.settings import Settings, load_settings, source_environment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from citybase.score import Score
    from orchestration.run import RunOutcome

console = bound_console()


def demo(
    *,
    scale: Annotated[float, typer.Option(help="1 is eleven million residents.")] = 0.001,
    seed: Annotated[int, typer.Option(help="Another seed is another city.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print demo.json only.")] = False,
) -> None:
    """Make a synthetic city, extract it, build, check, publish, and compare with the truth."""
    from citybase.cli.outcome import StepPrinter, print_checks
    from citybase.score import score_published
    from orchestration.run import run_job
    from sources.simulator import CityPlan, create_city

    started = time.monotonic()
    settings = load_settings()
    out = open_console(stderr=True) if as_json else console
    path = settings.reports / "demo.json"
    # What a failed run leaves must not be taken for its result.
    path.unlink(missing_ok=True)
    out.print("[bold]1/3[/] A synthetic city: its servers, its files, and the truth about it")
    city = create_city(settings, CityPlan(seed=seed, scale=scale))
    out.print(f"  {city.residents:,} residents, {city.source_rows:,} rows in their systems")
    out.print("[bold]2/3[/] full_build: extract, bind, build, check, publish")
    outcome = run_job(settings, on_step=StepPrinter(out))
    if not outcome.succeeded:
        print_checks(out, outcome)
        raise typer.Exit(1)
    out.print("[bold]3/3[/] The libraries, compared with the truth")
    score = score_published(settings)
    report = _report(settings, outcome, score, seconds=time.monotonic() - started)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
    else:
        _print_summary(settings, report, score, outcome)
    if not score.met:
        raise typer.Exit(1)


def _report(
    settings: Settings, outcome: "RunOutcome", score: "Score", *, seconds: float
) -> dict[str, Any]:
    """The figures of ``demo.json``, each counted from ledger, published files or run."""
    from citybase.serving.open import open_library
    from sources.registry import load_registry
    from sources.stand_in import stand_ins

    registry = load_registry()
    systems, replaced = registry.systems, stand_ins(registry, source_environment(settings))
    with open_library(settings, "steward") as libraries:
        landed = _row(
            libraries,
            "select count(*), sum(rows_read), sum(rows_landed), sum(rows_quarantined)"
            " from shared.entity_source_table",
        )
        persons = _row(libraries, "select count(*) from population.entity_person")[0]
        organisations = _row(libraries, "select count(*) from legal_entity.entity_organisation")[0]
        licences = _row(libraries, "select count(*) from licence.entity_licence")[0]
    tables, read, kept, quarantined = landed
    return {
        "technologies": sorted(
            {
                "sqlite" if system.system in replaced else system.connection.technology
                for system in systems
            }
        ),
        "stand_ins": replaced,
        "systems": len(systems),
        "tables": tables,
        "rows_read": read,
        "rows_landed": kept,
        "rows_quarantined": quarantined,
        "persons": persons,
        "organisations": organisations,
        "licences": licences,
        "checks": {
            "passed": outcome.checks_passed,
            "warned": outcome.checks_warned,
            "failed": outcome.checks_failed,
        },
        "score": score.as_json(),
        "seconds": round(seconds, 1),
        "peak_rss_mb": _peak_rss_mb(),
    }


def _row(connection: "DuckDBPyConnection", query: str) -> tuple[int, ...]:
    row = connection.execute(query).fetchone()
    return tuple(int(value or 0) for value in row or ())


def _peak_rss_mb() -> int:
    """In MB, this process at its highest plus its largest child at its highest.

    An upper bound of what citybase and dbt held at once; the city's servers, processes of their
    own, are not in it.
    """
    own, child = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return round((own + child) / 1024)


def _print_summary(
    settings: Settings, report: dict[str, Any], score: "Score", outcome: "RunOutcome"
) -> None:
    from citybase.cli.city import stand_in_sentence
    from citybase.cli.outcome import print_checks
    from citybase.cli.score import print_score

    print_checks(console, outcome)
    facts = Table(box=None, show_header=False, padding=(0, 2))
    facts.add_row(
        "Sources",
        f"{report['systems']} systems ({', '.join(report['technologies'])}), "
        f"{report['tables']} tables",
    )
    if report["stand_ins"]:
        facts.add_row("", stand_in_sentence(report["stand_ins"]))
    facts.add_row(
        "Rows",
        f"{report['rows_read']:,} read = {report['rows_landed']:,} landed "
        f"+ {report['rows_quarantined']:,} quarantined",
    )
    facts.add_row("人口库", f"{report['persons']:,} persons")
    facts.add_row("法人库", f"{report['organisations']:,} organisations")
    facts.add_row("电子证照库", f"{report['licences']:,} licence versions")
    facts.add_row("Took", f"{report['seconds']:.0f} s, at most {report['peak_rss_mb']:,} MB")
    console.print(Panel(facts, title="What was built", title_align="left", expand=False))
    print_score(console, score, of_missed_goals_only=True)
    analyst = _shown(settings.serving / "analyst" / "current")
    console.print(
        f"""
Published files   {analyst}/  (for stewards, encrypted: {_shown(settings.serving / "steward")}/)
The same figures  {_shown(settings.reports / "demo.json")}

What to type next
  .venv/bin/citybase query "select * from mart.overview__population_by_county"
  .venv/bin/citybase identify 11010519491231002X
  make ui          Dagster on the same assets, http://127.0.0.1:3000
  docs/README.md   pages per library, with ten useful queries each

The city's servers keep running; `.venv/bin/citybase city stop` ends them.""",
        highlight=False,
        soft_wrap=True,
    )


def _shown(path: Path) -> str:
    """The path as a person in the current folder would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
