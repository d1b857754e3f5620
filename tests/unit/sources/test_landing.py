"""Where landed files are is a promise: the ledger lists them by these paths."""

from pathlib import Path

import pytest

from citybase.errors import LockedError
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing

pytestmark = pytest.mark.unit


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_path_says_system_table_and_batch(settings: Settings) -> None:
    paths = [
        place(settings, "health_record", "cremation", 7)
        for place in (landing.segment, landing.scratch_segment, landing.quarantine_segment)
    ]

    assert [landing.relative(settings, path) for path in paths] == [
        "health_record/cremation/7.parquet",
        "health_record/cremation/7.scratch.parquet",
        "health_record/cremation/quarantine/7.parquet",
    ]
    assert landing.absolute(settings, (landing.relative(settings, paths[2]),)) == [paths[2]]


def test_a_table_has_one_extraction_at_a_time_and_others_are_free(settings: Settings) -> None:
    with landing.table_lock(settings, "s", "t"):
        with (
            pytest.raises(LockedError, match=r"Landing of s\.t is held by extraction"),
            landing.table_lock(settings, "s", "t"),
        ):
            pass
        with landing.table_lock(settings, "s", "other"):
            pass


def test_a_work_folder_begins_empty_and_leaves_nothing(settings: Settings) -> None:
    with landing.work_folder(settings, "s", "t") as folder:
        (folder / "left").write_text("behind")
        left = folder
    assert not left.exists()
    left.mkdir(parents=True)
    (left / "killed").write_text("before")
    with landing.work_folder(settings, "s", "t") as folder:
        assert list(folder.iterdir()) == []


def test_files_without_a_ledger_row_are_swept(settings: Settings) -> None:
    engine = open_store(settings)
    orphans = [
        place(settings, "s", "t", 7)
        for place in (landing.segment, landing.scratch_segment, landing.quarantine_segment)
    ]
    with landing.table_lock(settings, "s", "t"):
        for orphan in orphans:
            orphan.parent.mkdir(parents=True, exist_ok=True)
            orphan.write_bytes(b"")
            landing.make_durable(settings, orphan)
        assert landing.sweep_orphans(settings, engine) == []

    assert sorted(landing.sweep_orphans(settings, engine)) == sorted(orphans)
    assert landing.sweep_orphans(settings, engine) == []
    engine.dispose()
