"""The pages of docs/ as tests read them: tables of Markdown below their headings.

Add here what two tests read of a page. Keep out: what a page must say (the tests).
"""

import re
from dataclasses import dataclass

from citybase.settings import project_root

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One row of a table: the headings it stands below, outermost first, and its cells."""

    headings: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the first cell writes as code."""
        return tuple(_CODE.findall(self.cells[0]))


def page(name: str) -> str:
    """The text of a page, named from the root of the project."""
    return (project_root() / name).read_text(encoding="utf-8")


def table_rows(name: str) -> list[Row]:
    """Every row of every table of a page, headers and rules left out."""
    headings: list[str] = []
    rows = []
    lines = page(name).splitlines()
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if heading := re.match(r"(#+) (.+)", line):
            headings = [*headings[: len(heading[1]) - 1], heading[2]]
        elif line.startswith("|") and not line.startswith("|-") and not after.startswith("|-"):
            cells = tuple(cell.strip() for cell in line.strip("|").split(" | "))
            rows.append(Row(tuple(headings), tuple(cell.strip("| ") for cell in cells)))
    return rows


def explained_defects() -> set[str]:
    """Every kind of damage docs/score.md speaks of."""
    return {
        name
        for row in table_rows("docs/score.md")
        if any(heading in ("Kinds of damage", "Damage without a line") for heading in row.headings)
        for name in row.names
    }
