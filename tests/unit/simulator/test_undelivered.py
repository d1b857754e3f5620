"""The truth keeps, by key, what no file has told yet; a file that comes tells all of it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sources.registry import Registry, load_registry
from sources.simulator.apply_changes import Delivery
from sources.simulator.undelivered import keep_undelivered, prepare_undelivered

pytestmark = pytest.mark.unit

_SYSTEM, _TABLE = "veteran_register", "veteran"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.fixture
def city() -> Iterator[duckdb.DuckDBPyConnection]:
    """Between two days a veteran came, one changed, one went; a pupil came."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema changed; create schema gone;
            create table changed.veteran_register__veteran as
            from (values ('V1', true), ('V2', false)) as t(record_no, _is_new);
            create table gone.veteran_register__veteran as select 'V3' as record_no;
            create table changed.student_register__student as select 'S1' as student_no;
            create table gone.student_register__student as select 'S2' as student_no where false;
            """
        )
        yield connection


def truth(folder: Path, *keys: str) -> Path:
    path = folder / "truth.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            "create table undelivered (system_code varchar, table_code varchar, source_key varchar)"
        )
        for key in keys:
            connection.execute("insert into undelivered values (?, ?, ?)", [_SYSTEM, _TABLE, key])
    return path


def kept(
    connection: duckdb.DuckDBPyConnection, registry: Registry, before: Path, *, veteran: str
) -> list[str]:
    keep_undelivered(
        connection,
        registry,
        [
            Delivery(_SYSTEM, _TABLE, 30, veteran, 10),
            Delivery("student_register", "student", 30, "on_time", 10),
        ],
        before=before,
    )
    rows = connection.execute(
        "select distinct concat_ws('.', system_code, table_code, source_key) from undelivered"
        " order by all"
    ).fetchall()
    return [key for (key,) in rows]


def test_what_a_late_file_would_have_said_is_kept(
    city: duckdb.DuckDBPyConnection, registry: Registry, tmp_path: Path
) -> None:
    assert kept(city, registry, truth(tmp_path), veteran="late") == [
        f"{_SYSTEM}.{_TABLE}.V1",
        f"{_SYSTEM}.{_TABLE}.V2",
        f"{_SYSTEM}.{_TABLE}.V3",
    ]


def test_a_file_that_is_late_again_owes_more(
    city: duckdb.DuckDBPyConnection, registry: Registry, tmp_path: Path
) -> None:
    owed = kept(city, registry, truth(tmp_path, "V2", "V9"), veteran="late")
    assert [key.rpartition(".")[2] for key in owed] == ["V1", "V2", "V3", "V9"]


@pytest.mark.parametrize("state", ["on_time", "re_sent"])
def test_a_file_that_comes_tells_everything(
    city: duckdb.DuckDBPyConnection, registry: Registry, tmp_path: Path, state: str
) -> None:
    prepare_undelivered(city)
    assert kept(city, registry, truth(tmp_path, "V9"), veteran=state) == []
