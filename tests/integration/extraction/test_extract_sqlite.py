"""SQLite: any value may stand in any column; what fits lands, the rest is quarantined."""

import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from sources.contract import System
from tests.integration.extraction.extraction_house import SQLITE, House, make_system

pytestmark = pytest.mark.integration


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "民政.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            'create table hydj (id text, "登记日期" date, fee decimal(18,4), ratio real, n integer)'
        )
    connection.close()
    return path


@pytest.fixture
def system(path: Path, house: House) -> System:
    system = make_system(
        SQLITE,
        {
            "marriage=hydj": [
                "id varchar key",
                "registered_date date",
                "fee decimal(18,4)",
                "ratio double",
                "n bigint",
            ]
        },
        code="civil_registry",
    )
    columns = list(system.tables[0].columns)
    columns[1] = columns[1].model_copy(update={"source": "登记日期"})
    table = system.tables[0].model_copy(update={"columns": columns})
    system = system.model_copy(update={"tables": [table]})
    house.locate(system, path)
    return system


def fill(path: Path, *rows: tuple[object, ...]) -> None:
    with sqlite3.connect(path) as connection:
        connection.executemany("insert into hydj values (?, ?, ?, ?, ?)", rows)
    connection.close()


def test_good_rows_land_and_strange_ones_are_quarantined(
    system: System, path: Path, house: House
) -> None:
    fill(
        path,
        ("a", "2024-01-01", 12.5, 0.1 + 0.2, 9223372036854775807),
        ("b", "", None, None, None),
        ("c", "不详", 1, 1, 1),
        ("d", 20240101, 1, 1, 1),
        ("e", None, "十元", 1, 1),
        ("f", None, None, None, b"\x00\xff"),
        ("a", None, None, None, None),
        (None, None, None, None, None),
    )

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (8, 2, 6)
    assert house.landed(system, "marriage") == [
        ("a", date(2024, 1, 1), Decimal("12.5"), 0.1 + 0.2, 9223372036854775807),
        ("b", None, None, None, None),
    ]
    found = house.quarantined(system, "marriage")
    assert [(q["column_code"], q["raw_value"], q["reason"]) for q in found] == [
        ("registered_date", "不详", "not_date"),
        ("registered_date", "20240101", "not_date"),
        ("fee", "十元", "not_decimal(18,4)"),
        ("n", "00FF", "not_bigint"),
        ("id", "a", "duplicate_key"),
        ("id", None, "key_missing"),
    ]


def test_a_file_in_use_by_its_application_is_read(system: System, path: Path, house: House) -> None:
    application = sqlite3.connect(path)
    application.execute("pragma journal_mode = wal")
    application.execute("insert into hydj (id) values ('a')")
    application.commit()
    application.execute("begin immediate")
    application.execute("insert into hydj (id) values ('uncommitted')")

    [receipt] = house.extract(system).receipts
    application.close()

    assert receipt.rows_landed == 1


def test_a_missing_or_foreign_file_is_named(system: System, path: Path, house: House) -> None:
    for location, message in (
        (path.with_name("gone.db"), "No such file"),
        (path.parent, "Is a directory"),
    ):
        house.locate(system, location)
        [failure] = house.extract(system).failures
        assert failure.table_code is None
        assert message in failure.message
        assert "Correct SOURCE_CIVIL_REGISTRY" in failure.remedy
    path.write_bytes(b"not a database" * 100)
    house.locate(system, path)
    assert "is no SQLite database" in house.extract(system).failures[0].message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop table hydj", "does not exist"),
        ("alter table hydj rename to hydj2", "does not exist"),
        ('alter table hydj rename column "登记日期" to djrq', "lacks column 登记日期"),
    ],
)
def test_a_changed_table_is_refused(
    system: System, path: Path, house: House, change: str, message: str
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()

    [failure] = house.extract(system).failures

    assert failure.table_code == "marriage"
    assert message in failure.message
    assert "write the new name" in failure.remedy


def test_text_that_is_no_utf8_is_quarantined_with_its_bytes(
    system: System, path: Path, house: House
) -> None:
    fill(path, ("a", None, None, None, None))
    with sqlite3.connect(path) as connection:
        # 张 as GBK, in a key and in a date.
        connection.execute("insert into hydj (id) values (cast(x'd5c5' as text))")
        connection.execute("insert into hydj values ('b', cast(x'd5c5' as text), 1, 1, 1)")
    connection.close()

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_landed, receipt.rows_quarantined) == (1, 2)
    found = house.quarantined(system, "marriage")
    assert [(q["row_key"], q["column_code"], q["raw_value"], q["reason"]) for q in found] == [
        ('{"id":"\\\\xD5\\\\xC5"}', "id", "\\xD5\\xC5", "undecodable_bytes"),
        ('{"id":"b"}', "registered_date", "\\xD5\\xC5", "undecodable_bytes"),
    ]
