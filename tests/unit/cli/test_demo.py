"""The demonstration ends as its figures do, and leaves no old result behind a failed run."""

from pathlib import Path

import pytest

from citybase.cli import demo as room
from citybase.settings import Settings
from sources.simulator.plan import CityError

pytestmark = pytest.mark.unit


def test_a_run_that_fails_leaves_no_old_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "var")
    monkeypatch.setattr(room, "load_settings", lambda: settings)
    report = settings.reports / "demo.json"
    report.parent.mkdir(parents=True)
    report.write_text("{}")

    # A city without anybody is refused before anything is made.
    with pytest.raises(CityError, match="out of range"):
        room.demo(scale=0, seed=1, as_json=True)

    assert not report.exists()
