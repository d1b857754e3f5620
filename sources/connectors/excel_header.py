"""Finds the header of a sheet made for people: below titles, in one row or in two.

A group heading merged over several columns, with their own names below it, is a header of two
rows: 联系方式 over 电话 makes ``联系方式/电话``, which the registry may also call ``电话``.
Keep out: the cells themselves (``sheet.py``) and values (``excel_value.py``).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sources.connectors.sheet import Cell, Merge, Row

# How far down a header is looked for.
MAX_HEADER_ROW = 50


@dataclass(frozen=True)
class Header:
    """A header: its rows, and for each column its names, the fullest first."""

    row: int
    last_row: int
    names: Mapping[int, Sequence[str]]

    def columns(self, name: str) -> list[int]:
        """The columns of that name."""
        wanted = comparable(name)
        return [
            column
            for column, names in self.names.items()
            if wanted in {comparable(found) for found in names}
        ]

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Those of the names that no column has."""
        return [name for name in wanted if not self.columns(name)]

    def shown(self) -> list[str]:
        """The name of each column, for people."""
        return [names[0] for names in self.names.values()]


def comparable(name: str) -> str:
    """A column name without line breaks, blanks and the star of a required field."""
    return "".join(unicodedata.normalize("NFKC", name).split()).strip("*")


def find_header(
    rows: Sequence[Row], merges: Sequence[Merge], wanted: Sequence[str], *, row: int | None
) -> Header | None:
    """The first header that has every wanted name, else the one that has most of them.

    ``rows`` are the first of the sheet; ``row`` says where the header begins when that is known.
    None when there is no row to begin with.
    """
    grid = {found.number: found.cells for found in rows}
    top = [merge for merge in merges if merge.first_row <= MAX_HEADER_ROW + 1]
    candidates = [
        header
        for number in ([row] if row is not None else sorted(grid))
        for header in _at(grid, top, number)
    ]
    if not candidates:
        return None
    return min(candidates, key=lambda header: len(header.missing(wanted)))


def _at(grid: Mapping[int, Mapping[int, Cell]], merges: Sequence[Merge], row: int) -> list[Header]:
    """The headers that may begin in a row: that of two rows first, where merges speak for it."""
    upper = _texts(grid, merges, row)
    if not upper:
        return []
    single = Header(row, row, {column: (name,) for column, name in upper.items()})
    grouped = any(
        merge.first_row == row
        and merge.last_row <= row + 1
        and (merge.last_row > row or merge.last_column > merge.first_column)
        for merge in merges
    )
    lower = _texts(grid, merges, row + 1)
    if not grouped or not lower:
        return [single]
    names: dict[int, Sequence[str]] = {}
    for column in sorted(upper.keys() | lower.keys()):
        group, name = upper.get(column), lower.get(column)
        if group is None or name is None or group == name:
            names[column] = (str(name or group),)
        else:
            names[column] = (f"{group}/{name}", name)
    return [Header(row, row + 1, names), single]


def _texts(
    grid: Mapping[int, Mapping[int, Cell]], merges: Sequence[Merge], row: int
) -> dict[int, str]:
    """What a row shows in each column, merged cells included."""
    texts = {column: cell.text.strip() for column, cell in grid.get(row, {}).items()}
    for merge in merges:
        cell = grid.get(merge.first_row, {}).get(merge.first_column)
        if merge.first_row <= row <= merge.last_row and cell is not None:
            for column in range(merge.first_column, merge.last_column + 1):
                texts.setdefault(column, cell.text.strip())
    return dict(sorted(texts.items()))
