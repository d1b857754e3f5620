"""`citybase identify` as people and programs use it."""

import json
import time

import pytest
import typer
from typer.testing import CliRunner

from citybase.cli.identify import identify
from citybase.errors import IdentifierError

pytestmark = pytest.mark.unit

app = typer.Typer()
app.command()(identify)


def run(*arguments: str, piped: str | bytes | None = None, ends: int = 0) -> str:
    outcome = CliRunner().invoke(app, list(arguments), input=piped)
    if outcome.exception and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    assert outcome.exit_code == ends, outcome.output
    return outcome.stdout


def test_json_keeps_the_order_and_the_keys() -> None:
    numbers = ["hello", "11010519491231002X", "91110000600037341L"]
    rows = json.loads(run(*numbers, "--json", ends=1))
    assert [row["number"] for row in rows] == numbers
    assert all(list(row) == ["number", "kind", "valid", "reasons", "parts"] for row in rows)
    assert [row["kind"] for row in rows] == ["unknown", "resident", "uscc"]
    assert rows[0]["parts"] == {}
    assert rows[1]["parts"]["birth_date"] == "1949-12-31"


def test_numbers_are_read_from_standard_input() -> None:
    rows = json.loads(run("--json", piped="\ufeff11010519491231002x\r\n\r\n  \n60003734-1\n"))
    assert [row["number"] for row in rows] == ["11010519491231002x", "60003734-1"]
    assert [row["valid"] for row in rows] == [True, True]


def test_one_that_is_no_number_is_told_by_the_exit_code_after_all_are_answered() -> None:
    shown = run(piped="abc\n\n11010519491231002X\n", ends=1)
    assert shown.index("无效") < shown.index("有效")
    run("11010519491231002X")


def test_people_read_a_table() -> None:
    shown = run("371302198507120011", ends=1)
    assert "公民身份号码" in shown
    assert "无效" in shown
    assert "checksum" in shown


def test_brackets_are_shown_as_written() -> None:
    assert "[bold]1[/x]" in run("[bold]1[/x]", ends=1)


def test_no_number_is_one_clear_error() -> None:
    with pytest.raises(IdentifierError) as refused:
        run(piped="\n \n")
    assert "one a line" in refused.value.remedy


def test_another_encoding_is_one_clear_error() -> None:
    with pytest.raises(IdentifierError, match="UTF-8") as refused:
        run(piped="兰山区".encode("gb18030"))
    assert "GB18030" in refused.value.remedy


def test_a_hundred_thousand_numbers_are_quick() -> None:
    numbers = ["11010519491231002X", "91110000600037341L", "60003734-1", "110108000000016"] * 25_000
    begun = time.process_time()
    rows = json.loads(run("--json", piped="\n".join(numbers)))
    spent = time.process_time() - begun
    assert len(rows) == 100_000
    assert spent < 20, spent
