"""`citybase build` says at once what would fail an hour later."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from citybase.cli.build import build
from citybase.errors import RegistryError
from sources.registry import Registry, load_registry

pytestmark = pytest.mark.unit

app = typer.Typer()
app.command()(build)


def test_a_model_whose_registry_file_is_gone_stops_it_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYBASE_HOME", str(tmp_path / "var"))
    whole = load_registry()
    left = Registry(
        tuple(s for s in whole.systems if s.system != "provident_fund"), shapes=whole.shapes
    )
    monkeypatch.setattr("sources.registry.load_registry", lambda: left)

    ended = CliRunner().invoke(app, []).exception

    assert isinstance(ended, RegistryError)
    assert "provident_fund.account, which the registry does not hold" in ended.message
    assert not (tmp_path / "var").exists()
