"""A second full build over the same sources is the first one again."""

from pathlib import Path

import pytest

from citybase.serving.audience import AUDIENCES
from citybase.serving.versions import current_version, read_record, version_folder
from tests.pipeline.pipeline_house import Built, copied, differences

pytestmark = pytest.mark.pipeline


def test_a_second_build_changes_nothing(built: Built, tmp_path: Path) -> None:
    with copied(built.house, tmp_path / "repeated") as house:
        segments = _segments(house.settings.landing)
        files = _published(house.settings.serving)
        outcome = house.run()
        assert outcome.succeeded, outcome.errors
        assert outcome.checks_passed == built.outcome.checks_passed
        assert [check.name for check in outcome.not_passed] == [
            check.name for check in built.outcome.not_passed
        ]
        assert differences(built.house.settings.warehouse, house.settings.warehouse) == {}
        # A batch that says what the last one said shares its files.
        assert _segments(house.settings.landing) == segments
        for audience in AUDIENCES:
            first = current_version(built.house.settings, audience.name)
            assert first is not None
            assert current_version(house.settings, audience.name) == first + 1
            folder = version_folder(house.settings, audience.name)
            record = read_record(folder)
            assert record is not None
            for path in folder.glob("*.duckdb"):
                before = files[audience.name, path.name]
                if path.stem == "shared":
                    # It says when each batch was committed.
                    assert path.stat().st_ino != before
                    assert record.libraries[path.stem].written_in == first + 1
                else:
                    assert path.stat().st_ino == before, path.name
                    assert record.libraries[path.stem].written_in == first


def _segments(landing: Path) -> dict[str, int]:
    """Every file of landing with its inode."""
    files = {
        str(path.relative_to(landing)): path.stat().st_ino for path in landing.rglob("*.parquet")
    }
    assert files
    return files


def _published(serving: Path) -> dict[tuple[str, str], int]:
    """The inode of every file that is current."""
    files = {
        (audience.name, path.name): path.stat().st_ino
        for audience in AUDIENCES
        for path in (serving / audience.name / "current").glob("*.duckdb")
    }
    assert len(files) >= 10
    return files
