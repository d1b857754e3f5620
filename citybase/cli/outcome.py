"""How the outcome of a run is printed: steps as they end, then the checks that did not pass."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from orchestration.run import RunOutcome, StepOutcome


_LANDING = "landing_"


class StepPrinter:
    """Prints steps as they end: a line each, but one line for all the systems that landed."""

    def __init__(self, console: Console) -> None:
        """``console`` receives the lines."""
        self._console = console
        self._landed = 0
        self._seconds = 0.0

    def __call__(self, step: "StepOutcome") -> None:
        """A step has ended."""
        if step.succeeded and step.name.startswith(_LANDING):
            self._landed += 1
            self._seconds += step.seconds
            return
        if not step.name.startswith(_LANDING):
            self._tell_landed()
        mark = "[green]✓[/]" if step.succeeded else "[red]✗[/]"
        self._console.print(f"  {mark} {step.name} [dim]{step.seconds:.1f} s[/]", highlight=False)

    def _tell_landed(self) -> None:
        if self._landed:
            self._console.print(
                f"  [green]✓[/] {self._landed} systems landed [dim]{self._seconds:.1f} s[/]",
                highlight=False,
            )
        self._landed = 0


def print_checks(console: Console, outcome: "RunOutcome") -> None:
    """The counts, and every check that did not pass with its remark."""
    for error in outcome.errors:
        console.print(f"[red]{escape(error)}[/]", highlight=False, soft_wrap=True)
    if outcome.not_passed:
        table = Table(title="Checks that did not pass", title_justify="left", box=None)
        table.add_column("severity")
        table.add_column("asset", overflow="fold")
        table.add_column("check", overflow="fold")
        table.add_column("remark", overflow="fold")
        for check in outcome.not_passed:
            severity = "[red]error[/]" if check.is_error else "[yellow]warn[/]"
            table.add_row(severity, check.asset, check.name, escape(check.remark))
        console.print(table)
    console.print(
        f"Checks: {outcome.checks_passed} passed, {outcome.checks_warned} warned, "
        f"{outcome.checks_failed} failed · {outcome.seconds:.0f} s",
        highlight=False,
    )
