"""The servers of the bad-input matrix, and an installation that reads them."""

from pathlib import Path

import pytest

from citybase.settings import Settings
from tests.integration.capture.conftest import log_server
from tests.integration.extraction.extraction_house import House
from tests.mariadb_house import mariadb, mariadb_server

__all__ = ["log_server", "mariadb", "mariadb_server"]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(settings=Settings(home=tmp_path / "var"), monkeypatch=monkeypatch)
