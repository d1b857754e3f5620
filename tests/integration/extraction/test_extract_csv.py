"""CSV drops: the newest file is the content, its broken records are kept aside by line."""

from datetime import date, datetime
from pathlib import Path

import pytest

from sources.contract import System
from tests.integration.extraction.extraction_house import CSV, House, make_system

pytestmark = pytest.mark.integration

HEADER = "编号,姓名,出生日期,更新时间,备注\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def system(folder: Path, house: House) -> System:
    system = make_system(
        CSV,
        {
            "record=档案_*.csv": [
                "id varchar key",
                "name varchar",
                "born date format=%Y%m%d",
                "updated_at timestamp format=%Y-%m-%d %H:%M:%S",
            ]
        },
        code="health_record",
    )
    table = system.tables[0]
    names = ["编号", "姓名", "出生日期", "更新时间"]
    columns = [
        column.model_copy(update={"source": name})
        for column, name in zip(table.columns, names, strict=True)
    ]
    system = system.model_copy(update={"tables": [table.model_copy(update={"columns": columns})]})
    house.locate(system, folder)
    return system


def deliver(folder: Path, content: str | bytes, name: str = "档案_20240101.csv") -> None:
    data = content if isinstance(content, bytes) else content.encode("gb18030")
    (folder / name).write_bytes(data)


def test_good_records_land_and_broken_ones_are_quarantined(
    system: System, folder: Path, house: House
) -> None:
    deliver(
        folder,
        (
            HEADER
            + '1,张䶮𠮷,19680712,2024-01-02 03:04:05,"多行\n备注"\n2,,,2024-01-02 03:04:05,\n'
        ).encode("gb18030")
        + b"3,\xff\xff,19680712,2024-01-02 03:04:05,\n"
        + "4,短\n5,长,19680712,2024-01-02 03:04:05,,,\n".encode("gb18030")
        + "6,坏日,2024101,2024-01-02 03:04:05,\n1,重,,,\n,无键,,,\n".encode("gb18030"),
    )

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (8, 2, 6)
    assert house.landed(system, "record", "id", "name", "born", "updated_at", "_position") == [
        ("1", "张䶮𠮷", date(1968, 7, 12), datetime(2024, 1, 2, 3, 4, 5), "2"),
        ("2", None, None, datetime(2024, 1, 2, 3, 4, 5), "4"),
    ]
    found = house.quarantined(system, "record")
    assert sorted(
        (q["position"], q["column_code"], q["raw_value"], q["reason"]) for q in found
    ) == [
        ("10", "id", None, "key_missing"),
        ("5", None, "3,\\xff\\xff,19680712,2024-01-02 03:04:05,", "undecodable_bytes"),
        ("6", None, "4,短", "short_row"),
        ("7", None, "5,长,19680712,2024-01-02 03:04:05,,,", "long_row"),
        ("8", "born", "2024101", "not_date"),
        ("9", "id", "1", "duplicate_key"),
    ]


def test_the_newest_file_by_name_is_the_whole_content(
    system: System, folder: Path, house: House
) -> None:
    deliver(folder, HEADER + "2,新,,,\n", "档案_20240201.csv")
    deliver(folder, HEADER + "1,旧,,,\n", "档案_20240101.csv")
    deliver(folder, HEADER + "9,别的表,,,\n", "证明_20240301.csv")

    house.extract(system)

    assert house.landed(system, "record", "id") == [("2",)]
    assert house.last(system, "record").position["file"] == "档案_20240201.csv"


def test_the_same_content_in_another_file_and_order_is_no_new_segment(
    system: System, folder: Path, house: House
) -> None:
    deliver(folder, HEADER + "1,甲,,,\n2,乙,,,\n", "档案_20240101.csv")
    house.extract(system)
    deliver(folder, HEADER + "2,乙,,,\n1,甲,,,\n", "档案_20240102.csv")

    [receipt] = house.extract(system).receipts

    assert receipt.unchanged
    assert house.last(system, "record").position["file"] == "档案_20240102.csv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("编号,姓名,生日,更新时间\n", "lacks column 出生日期 (born, 列)"),
        (b"\xff\xff,b\n", "header that is not gb18030"),
        ("编号;姓名;出生日期;更新时间\n", "lacks column 编号"),
    ],
)
def test_a_broken_file_is_one_clear_error(
    system: System, folder: Path, house: House, content: str | bytes, message: str
) -> None:
    deliver(folder, content)

    [failure] = house.extract(system).failures

    assert failure.message.startswith("health_record.record (户籍管理系统, 档案_*.csv) ")
    assert message in failure.message
    assert "户政科" in failure.remedy


def test_a_missing_folder_or_file_is_named(system: System, folder: Path, house: House) -> None:
    deliver(folder, HEADER, "别的.csv")
    [failure] = house.extract(system).failures
    assert f"has no file in {folder} (which holds 1 files of other names)" in failure.message

    house.locate(system, folder / "gone")
    [failure] = house.extract(system).failures
    assert failure.table_code is None
    assert "has no folder" in failure.message


def test_a_header_alone_is_an_empty_table(system: System, folder: Path, house: House) -> None:
    deliver(folder, HEADER)

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (0, 0, 0)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_lands_with_and_without_its_mark(
    system: System, folder: Path, house: House, encoding: str, newline: str
) -> None:
    connection = system.connection.model_copy(update={"encoding": "utf-8"})
    system = system.model_copy(update={"connection": connection})
    rows = [
        '1,"张\n""三""",19680712,2024-01-02 03:04:05,"a,b"',
        "2,𠮷,19680713,2024-01-02 03:04:05,",
    ]
    content = (HEADER.strip() + "\n" + "\n".join(rows) + "\n").replace("\n", newline)
    deliver(folder, content.encode(encoding))

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_landed, receipt.rows_quarantined) == (2, 0)
    landed = house.landed(system, "record", "_position", "id", "name", "born")
    assert landed == [
        ("2", "1", '张\n"三"', date(1968, 7, 12)),
        ("4", "2", "𠮷", date(1968, 7, 13)),
    ]


def test_a_number_that_excel_has_rounded_is_no_text(
    system: System, folder: Path, house: House
) -> None:
    lines = "1,3.71302E+17,19680712,2024-01-02 03:04:05,\n2,5E型+,19680712,2024-01-02 03:04:05,\n"
    deliver(folder, HEADER + lines)

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_landed, receipt.rows_quarantined) == (1, 1)
    assert [
        (row["position"], row["column_code"], row["raw_value"], row["reason"])
        for row in house.quarantined(system, "record")
    ] == [("2", "name", "3.71302E+17", "excel_number_damaged")]
