"""The command line's last word: two sentences as they are, whatever signs they hold."""

from collections.abc import Callable
from pathlib import Path

import pytest

from citybase.cli import main as cli
from citybase.errors import WarehouseError

pytestmark = pytest.mark.unit


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], object]:
    monkeypatch.setenv("CITYBASE_HOME", str(tmp_path / "var"))

    def run(error: BaseException) -> object:
        def command() -> None:
            raise error

        monkeypatch.setattr(cli, "app", command)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code

    return run


def test_square_brackets_in_an_error_are_shown_as_they_are(
    run: Callable[[BaseException], object], capsys: pytest.CaptureFixture[str]
) -> None:
    message, remedy = "Table [/red] lacks [bold] and [/].", "Write columns: [a, b] in [system]."

    assert run(WarehouseError(message, remedy=remedy)) == 2

    shown = capsys.readouterr().err
    assert message in shown
    assert remedy in shown


def _interrupted_query() -> RuntimeError:
    """As DuckDB raises it."""
    error = RuntimeError("Query interrupted")
    error.__cause__ = KeyboardInterrupt()
    return error


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(130), _interrupted_query()])
def test_an_interrupt_is_one_line(
    run: Callable[[BaseException], object],
    capsys: pytest.CaptureFixture[str],
    end: BaseException,
) -> None:
    assert run(end) == 130

    assert capsys.readouterr().err.strip().splitlines() == [
        "Interrupted. What had landed stays; run the same command again."
    ]


def test_other_exit_codes_pass(
    run: Callable[[BaseException], object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(SystemExit(1)) == 1
    assert capsys.readouterr().err == ""


def test_an_error_that_nobody_meant_is_raised(run: Callable[[BaseException], object]) -> None:
    with pytest.raises(RuntimeError, match="not meant"):
        run(RuntimeError("not meant"))
