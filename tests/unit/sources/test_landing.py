"""Where landed files are is a promise: the ledger lists them by these paths."""

from pathlib import Path

import pytest

from citybase.errors import LockedError, WarehouseError
from citybase.settings import Settings
from citybase.store import open_store
from sources import landing, ledger
from sources.tables import LandedTable

pytestmark = pytest.mark.unit

TABLE = LandedTable("s", "t", "full", (), ())


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


def leave(settings: Settings, batch_id: int) -> list[Path]:
    """What a killed extraction leaves."""
    files = [
        place(settings, "s", "t", batch_id)
        for place in (landing.segment, landing.scratch_segment, landing.quarantine_segment)
    ]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"PAR1")
        landing.make_durable(settings, file)
    return files


def test_files_without_a_ledger_row_are_swept(settings: Settings) -> None:
    engine = open_store(settings)
    number = ledger.begin_attempt(engine, TABLE)
    with landing.table_lock(settings, "s", "t"):
        orphans = leave(settings, number)
        assert landing.sweep_orphans(settings, engine) == []

    assert sorted(landing.sweep_orphans(settings, engine)) == sorted(orphans)
    assert landing.sweep_orphans(settings, engine) == []
    engine.dispose()


def test_a_file_of_an_extraction_the_ledger_never_began_is_never_swept(settings: Settings) -> None:
    engine = open_store(settings)
    number = ledger.begin_attempt(engine, TABLE)
    files = [*leave(settings, number), *leave(settings, number + 1)]

    with pytest.raises(WarehouseError, match=rf"3 files \({number + 1}\.parquet") as caught:
        landing.sweep_table(settings, engine, "s", "t")

    assert str(settings.ops) in caught.value.message
    assert "backup" in caught.value.remedy
    assert all(file.exists() for file in files)
    engine.dispose()


@pytest.mark.parametrize("is_old_folder", [False, True])
def test_the_files_of_another_ledger_are_never_swept(
    settings: Settings, *, is_old_folder: bool
) -> None:
    first = open_store(settings)
    landing.claim(settings, first)
    number = ledger.begin_attempt(first, TABLE)
    files = leave(settings, number)
    first.dispose()
    settings.ops.rename(settings.home / "away.db")
    for file in settings.home.glob("ops.db-*"):
        file.unlink()
    if is_old_folder:
        (settings.landing / ".ledger").unlink()
    second = open_store(settings)

    with pytest.raises(WarehouseError, match="belongs to another ledger"):
        landing.sweep_table(settings, second, "s", "t")
    if not is_old_folder:
        # Its numbers begin at 1 again: they prove nothing.
        assert ledger.begin_attempt(second, TABLE) == number
        with pytest.raises(WarehouseError, match="belongs to another ledger"):
            landing.sweep_table(settings, second, "s", "t")
    second.dispose()

    assert all(file.exists() for file in files)


def test_an_empty_folder_belongs_to_whoever_comes_first(settings: Settings) -> None:
    engine = open_store(settings)
    for _ in range(2):
        landing.claim(settings, engine)
    assert (settings.landing / ".ledger").read_text().strip() == ledger.identity(engine)[0]
    engine.dispose()


def test_no_file_is_written_over(settings: Settings) -> None:
    files = leave(settings, 3)
    with pytest.raises(WarehouseError, match=r"3\.parquet exists"):
        landing.refuse_existing(files)
    landing.refuse_existing([settings.landing / "s" / "t" / "4.parquet"])
