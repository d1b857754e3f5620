"""From a URL to landed data by the commands alone, in a registry of the test's own."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from citybase.cli.main import app
from citybase.errors import CitybaseError
from sources.contract import System
from sources.registry import load_system
from tests.integration.extraction.extraction_house import House

DECIDED = (
    "--department=strange_office", "--department-name=陌生局", "--uscc=11371300004321004C",
    "--name=陌生系统", "--owner=信息科", "--phone=0539-8170110",
)  # fmt: skip


@dataclass
class Discovery:
    """An installation whose registry holds nothing but what is drafted into it."""

    house: House
    folder: Path
    secret: str = ""
    said: list[str] = field(default_factory=list)

    def run(self, *words: str, stdin: str | None = None) -> Result:
        """One command. Whatever it prints must not hold the password."""
        done = CliRunner().invoke(app, list(words), input=stdin)
        self.said += [done.stdout, done.stderr]
        if isinstance(done.exception, CitybaseError):
            self.said += [done.exception.message, done.exception.remedy]
        elif done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        for text in self.said:
            assert not self.secret or self.secret not in text
        return done

    def draft(self, url: str, *words: str, system: str = "strange") -> System:
        """Discover into the registry, every question answered."""
        self.house.monkeypatch.setenv(f"CITYBASE_SOURCE_{system.upper()}", url)
        path = self.folder / "strange_office" / f"{system}.yml"
        done = self.run(
            "source", "discover", url, *DECIDED, f"--system={system}", f"--output={path}", *words
        )
        assert done.exit_code == 0, done.stderr
        assert not self.secret or self.secret not in path.read_text(encoding="utf-8")
        return load_system(path)

    def landed_counts(self, system: System) -> dict[str, tuple[int, int, int]]:
        """Check, check against the source, extract: (read, landed, quarantined) per table."""
        for words in (("check",), ("check", "--connect", system.system)):
            done = self.run("source", *words)
            assert done.exit_code == 0, done.stdout
        done = self.run("extract", system.system, "--json")
        assert done.exit_code == 0, done.stdout
        [result] = json.loads(done.stdout)
        return {
            receipt["table_code"]: (
                receipt["rows_read"],
                receipt["rows_landed"],
                receipt["rows_quarantined"],
            )
            for receipt in result["receipts"]
        }

    def landed(self, system: System, table: str) -> list[tuple[Any, ...]]:
        return self.house.landed(system, table)


@pytest.fixture
def discovery(house: House, tmp_path: Path) -> Discovery:
    folder = tmp_path / "registry"
    folder.mkdir()
    house.monkeypatch.setattr("sources.registry.registry_folder", lambda: folder)
    # No model reads what is drafted here, and the models of the house read what is not.
    house.monkeypatch.setattr("sources.dbt_sources.model_folder", lambda: tmp_path / "models")
    house.monkeypatch.setenv("CITYBASE_HOME", str(house.settings.home))
    house.monkeypatch.setenv("COLUMNS", "200")
    return Discovery(house, folder)
