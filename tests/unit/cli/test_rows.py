"""How `citybase query` prints what it found: nothing is cut, however narrow the terminal."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from citybase.cli.console import UNBOUNDED, open_console
from citybase.cli.serving import _print_rows

pytestmark = pytest.mark.unit

COLUMNS = ["system_name", "reason_code", "raw_value"]
ROWS: list[tuple[Text, ...]] = [
    (Text("网格管理系统"), Text("not_date"), Text("19900230" * 9)),
    (Text("a"), Text("[b]"), Text()),
]


def printed(width: int) -> list[str]:
    out = io.StringIO()
    _print_rows(Console(file=out, width=width), COLUMNS, ROWS)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_table_that_fits_is_a_table() -> None:
    lines = printed(120)
    assert all(column in lines[1] for column in COLUMNS)
    assert "网格管理系统" in lines[3]
    assert "19900230" * 9 in lines[3]


def test_in_a_narrow_terminal_every_column_stands_on_a_line_of_its_own() -> None:
    lines = printed(60)
    assert [line.split()[0] for line in lines if line[:1].isalpha()] == COLUMNS * 2
    assert "".join(line.split()[-1] for line in lines[3:5]) == "19900230" * 9
    assert all(len(line) <= 60 for line in lines)
    assert "[b]" in "".join(lines)


def test_what_is_no_terminal_has_no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert open_console().width == UNBOUNDED
    monkeypatch.setenv("COLUMNS", "70")
    assert open_console().width == 70
