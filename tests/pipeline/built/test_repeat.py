"""A second full build over the same sources is the first one again, even while some fail."""

from pathlib import Path

import pytest

from citybase.serving.audience import AUDIENCES
from citybase.serving.versions import current_version, read_record, version_folder
from orchestration.checks.landing import SOURCE_ANSWERED
from tests.pipeline.built.disturbance import Disturbed, inodes
from tests.pipeline.pipeline_house import Built, differences

pytestmark = pytest.mark.pipeline


def test_every_table_of_the_warehouse_is_the_same(built: Built, disturbed: Disturbed) -> None:
    assert disturbed.outcome.succeeded, disturbed.outcome.errors
    assert differences(built.house.settings.warehouse, disturbed.house.settings.warehouse) == {}


def test_the_same_checks_pass(built: Built, disturbed: Disturbed) -> None:
    first, second = built.outcome, disturbed.outcome
    assert {(check.asset, check.name) for check in first.not_passed} == {
        (check.asset, check.name) for check in second.not_passed if check.name != SOURCE_ANSWERED
    }
    assert first.checks_passed + len(first.not_passed) == second.checks_passed + len(
        second.not_passed
    )


def test_a_batch_that_says_what_the_last_one_said_shares_its_files(disturbed: Disturbed) -> None:
    assert inodes(disturbed.house.settings.landing) == disturbed.segments


def test_a_file_that_says_the_same_is_not_written_again(built: Built, disturbed: Disturbed) -> None:
    settings = disturbed.house.settings
    for audience in AUDIENCES:
        first = current_version(built.house.settings, audience.name)
        assert first is not None
        assert current_version(settings, audience.name) == first + 1
        folder = version_folder(settings, audience.name)
        before = folder.parent / f"v{first}"
        record = read_record(folder)
        assert record is not None
        files = sorted(folder.glob("*.duckdb"))
        assert len(files) >= 5
        for path in files:
            # These say when each batch was committed.
            is_new = path.stem in {"shared", "mart", "quality"}
            shares = _inode(path) == _inode(before / path.name)
            assert shares is not is_new, path.name
            assert record.libraries[path.stem].written_in == first + is_new


def _inode(path: Path) -> int:
    return path.stat().st_ino
