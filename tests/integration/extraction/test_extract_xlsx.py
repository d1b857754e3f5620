"""Excel drops: what people make of a sheet is read, what Excel did to numbers is found out."""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from sources.connectors import workbook
from sources.contract import System
from tests.integration.extraction.extraction_house import House, make_system

pytestmark = pytest.mark.integration

XLSX = {"technology": "xlsx"}
COLUMNS = {
    "id varchar key": "编号",
    "id_number varchar": "身份证号码",
    "born date format=%Y-%m-%d": "出生日期",
    "share decimal(9,4)": "比例",
    "amount_cny decimal(18,2)": "金额",
    "phone varchar": "电话",
    "updated_at timestamp": "更新时间",
}
HEADER = list(COLUMNS.values())
GOOD = ["001", "371302199001011234", "1990-01-01", 0.5, 12.34, "0539-8170110", "2024-05-01"]

Draw = Callable[[xlsxwriter.Workbook, Worksheet], None]


def system_of(house: House, folder: Path, **connection: object) -> System:
    system = make_system(
        {**XLSX, **connection},  # type: ignore[dict-item]
        {"record=名单_*.xlsx": list(COLUMNS)},
        code="name_list",
    )
    [table] = system.tables
    columns = [
        column.model_copy(update={"source": name})
        for column, name in zip(table.columns, HEADER, strict=True)
    ]
    system = system.model_copy(update={"tables": [table.model_copy(update={"columns": columns})]})
    house.locate(system, folder)
    return system


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


@pytest.fixture
def system(house: House, folder: Path) -> System:
    return system_of(house, folder)


def workbook_of(draw: Draw, **options: object) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, **options})
    draw(book, book.add_worksheet("名单"))
    book.close()
    return buffer.getvalue()


def rows_of(*rows: list[object], first: int = 0) -> Draw:
    def draw(_book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        for number, row in enumerate([HEADER, *rows]):
            sheet.write_row(first + number, 0, row)

    return draw


def deliver(folder: Path, content: bytes, name: str = "名单_20240501.xlsx") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def repacked(content: bytes, changes: Mapping[str, Callable[[bytes], bytes] | None]) -> bytes:
    """The same package with some parts written anew or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            change = changes.get(info.filename, lambda part: part)
            if change is not None:
                new.writestr(info.filename, change(old.read(info)), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def landed(house: House, system: System) -> list[tuple[object, ...]]:
    return house.landed(system, "record", "_position", *(c.split()[0] for c in COLUMNS))


def reasons(house: House, system: System) -> list[tuple[object, ...]]:
    keys = ("position", "column_code", "raw_value", "reason")
    return [tuple(row[key] for key in keys) for row in house.quarantined(system, "record")]


def test_a_sheet_made_for_people_is_read_and_its_damage_found(
    system: System, folder: Path, house: House
) -> None:
    def draw(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        day = book.add_format({"num_format": "yyyy/m/d"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        percent = book.add_format({"num_format": "0.00%"})
        sheet.merge_range(0, 0, 0, 7, "临沂市人员名单(2024年)")
        for column, name in enumerate(["编号", "身份证\n号码", "出生日期", "比例", "金额"]):
            sheet.merge_range(1, column, 2, column, name)
        sheet.merge_range(1, 5, 1, 6, "联系方式")
        sheet.write_row(2, 5, ["电话", "地址"])
        sheet.merge_range(1, 7, 2, 7, "*更新时间")
        # 4: typed cells, as they should be
        sheet.write_row(3, 0, ["001", "371302199001011234"])
        sheet.write_datetime(3, 2, datetime(1990, 1, 1), day)
        sheet.write_number(3, 3, 0.125, percent)
        sheet.write_number(3, 4, 0.1 + 0.2)
        sheet.write_row(3, 5, [13800001111, "沂蒙路"])
        sheet.write_datetime(3, 7, datetime(2024, 5, 1, 8, 30), moment)
        # 5: everything as text, as it comes out of other systems, and the row is hidden
        sheet.write_row(
            4, 0, ["'002", "371302199001011\u200b234 ", "1990年1月2日", "12.5%", "1,234.50"]
        )
        sheet.write_row(4, 5, ["０５３９-８１７０１１０", None, "2024/5/1 8:30"])
        sheet.set_row(4, None, None, {"hidden": True})
        # 6 to 8: one number and one date for three rows, because the file merges them
        sheet.write_column(5, 0, ["003", "004", "005"])
        sheet.merge_range(5, 5, 7, 5, "0539-1")
        sheet.merge_range(5, 7, 7, 7, 45413)
        # 9: blank below the merge stays blank
        sheet.write(8, 0, "006")
        # 10: a heading between the records, 11: a number Excel has cut, 12 to 15: other damage
        sheet.merge_range(9, 0, 9, 7, "二、兰山区")
        sheet.write_row(10, 0, ["007", 371302199001011234])
        sheet.write_row(11, 0, ["008", "3.71302E+17"])
        sheet.write_formula(12, 0, '="009"', None, "009")
        sheet.write_formula(12, 1, "=VLOOKUP(A13,X:Y,2,0)", None, "#N/A")
        sheet.write_row(13, 0, ["010", None, 60])
        sheet.write_row(14, 0, [11, None, None, None, None, 5398170110])
        sheet.write_formula(15, 0, '="012"', None, "012")
        # 18: totals after an empty row; a note in a column nobody asked for
        sheet.write_row(17, 0, ["合 计", 12])
        sheet.write(18, 9, "填表人:张三")
        sheet.set_row(40, None, day)

    deliver(folder, workbook_of(draw))

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (14, 8, 6)
    shared = (None, None, None, None, "0539-1", datetime(2024, 5, 1))
    blank = (None,) * 6
    assert landed(house, system) == [
        ("15", "11", None, None, None, None, "5398170110", None),
        ("16", "012", *blank),
        (
            *("4", "001", "371302199001011234", date(1990, 1, 1), Decimal("0.125")),
            *(Decimal("0.30"), "13800001111", datetime(2024, 5, 1, 8, 30)),
        ),
        (
            *("5", "002", "371302199001011\u200b234 ", date(1990, 1, 2), Decimal("0.125")),
            *(Decimal("1234.50"), "０５３９-８１７０１１０", datetime(2024, 5, 1, 8, 30)),
        ),
        ("6", "003", *shared),
        ("7", "004", *shared),
        ("8", "005", *shared),
        ("9", "006", *blank),
    ]
    assert reasons(house, system) == [
        ("11", "id_number", "3.713021990010113E+17", "excel_number_damaged"),
        ("12", "id_number", "3.71302E+17", "excel_number_damaged"),
        ("13", "id_number", "#N/A", "excel_error"),
        ("14", "born", "60", "not_date"),
        ("10", None, "二、兰山区", "heading_row"),
        ("18", None, "合 计\t12", "totals_row"),
    ]
    position = house.last(system, "record").position
    assert (position["sheet"], position["header_row"], position["rows_hidden"]) == (
        "名单",
        "2",
        "1",
    )


def test_rows_below_a_title_and_days_since_1904(house: House, folder: Path) -> None:
    """Excel for the Mac used to count from 1904, which the file says."""
    system = system_of(house, folder, sheet=" 名单", header_row=4)

    def draw(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
        book.add_worksheet("说明").write_row(0, 0, HEADER)
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(3, 0, HEADER)
        sheet.write_row(4, 0, ["1", None, 43951])

    content = workbook_of(draw)
    book = {
        "xl/workbook.xml": lambda part: part.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')
    }
    deliver(folder, repacked(content, book))

    [receipt] = house.extract(system).receipts

    assert receipt.rows_landed == 1
    assert house.landed(system, "record", "id", "born") == [("1", date(2024, 5, 1))]


def test_the_newest_delivery_counts_and_an_equal_one_shares_its_files(
    system: System, folder: Path, house: House
) -> None:
    deliver(folder, workbook_of(rows_of(GOOD)), "名单_20240501.xlsx")
    deliver(folder, workbook_of(rows_of(GOOD, ["002"])), "名单_20240502.xlsx")
    assert house.extract(system).receipts[0].rows_landed == 2

    deliver(folder, workbook_of(rows_of(GOOD, ["002"], first=3)), "名单_20240503.xlsx")
    [receipt] = house.extract(system).receipts
    assert (receipt.rows_landed, receipt.unchanged) == (2, True)


def test_other_writers_of_xml_are_understood(system: System, folder: Path, house: House) -> None:
    """Prefixes, texts in pieces with reading aids, escapes, cells without a place, ISO days."""
    sheet = """<?xml version="1.0" encoding="UTF-8"?>
        <x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData>
        <x:row>{header}</x:row>
        <x:row><x:c t="inlineStr"><x:is><x:r><x:t>0</x:t></x:r><x:r><x:t>01</x:t></x:r>
            <x:rPh><x:t>ling</x:t></x:rPh></x:is></x:c>
        <x:c t="str"><x:v>a_x000D_b&#10;"c",d</x:v></x:c>
        <x:c t="d"><x:v>2024-05-01T00:00:00</x:v></x:c><x:c/><x:c><x:v>1.5E1</x:v></x:c></x:row>
        </x:sheetData></x:worksheet>"""
    header = "".join(f'<x:c t="str"><x:v>{name}</x:v></x:c>' for name in HEADER)
    part = sheet.format(header=header).encode()
    content = repacked(workbook_of(rows_of()), {"xl/worksheets/sheet1.xml": lambda _: part})
    deliver(folder, content)

    [receipt] = house.extract(system).receipts

    assert receipt.rows_landed == 1
    assert landed(house, system) == [
        ("2", "001", 'a\rb\n"c",d', date(2024, 5, 1), None, Decimal(15), None, None)
    ]


def two_sheets(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    rows_of(GOOD)(book, sheet)
    book.add_worksheet("名单2").write_row(0, 0, HEADER)


def hidden_copy(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    two_sheets(book, sheet)
    book.worksheets()[1].hide()


def renamed(_book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    sheet.write_row(0, 0, ["人员名单"])
    sheet.write_row(1, 0, [*HEADER[:-1], "修改时间"])


def nothing(_book: xlsxwriter.Workbook, _sheet: Worksheet) -> None:
    """A workbook as Excel opens it."""


def test_a_hidden_sheet_is_no_second_answer(system: System, folder: Path, house: House) -> None:
    deliver(folder, workbook_of(hidden_copy))
    assert house.extract(system).receipts[0].rows_landed == 1


def ole(word: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + word.encode("utf-16-le") + bytes(512)


def good() -> bytes:
    return workbook_of(rows_of(GOOD))


def sheet_with(change: Callable[[bytes], bytes] | None) -> bytes:
    return repacked(good(), {"xl/worksheets/sheet1.xml": change})


def lying_bomb() -> bytes:
    """Eight mebibytes of blanks that say they are a thousand bytes."""
    content = sheet_with(
        lambda part: part.replace(b"<sheetData>", b" " * (8 << 20) + b"<sheetData>")
    )
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size
    said = size.to_bytes(4, "little")
    assert content.count(said) == 2
    return content.replace(said, (1000).to_bytes(4, "little"))


def bad_bytes() -> bytes:
    content = good()
    place = content.index(b"xl/worksheets/sheet1.xml") + 60
    return content[:place] + bytes(8) + content[place + 8 :]


DOCTYPE = (
    b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<worksheet'
)
REFUSALS: dict[str, tuple[Callable[[], bytes], str]] = {
    "old Excel": (lambda: ole("Workbook"), "is an Excel 97-2003 file (.xls) under another ending"),
    "web page": (lambda: b"\xef\xbb\xbf\n<HTML><table>", "it is a web page inside"),
    "CSV": (lambda: "编号,姓名\n".encode("gb18030"), "is no Excel workbook (.xlsx)"),
    "cut in the middle": (lambda: good()[:700], "is cut off or damaged"),
    "bad bytes": (bad_bytes, "is cut off or damaged"),
    "another zip": (lambda: repacked(good(), {"xl/workbook.xml": None}), "no Excel workbook"),
    "no sheet": (lambda: sheet_with(None), "lacks a part of itself"),
    "doctype": (
        lambda: sheet_with(lambda part: part.replace(b"<worksheet", DOCTYPE, 1)),
        "holds a document type",
    ),
    "no text": (
        lambda: repacked(good(), {"xl/sharedStrings.xml": lambda _: b"<sst/>"}),
        "refers to text",
    ),
    "rows backwards": (
        lambda: sheet_with(lambda part: part.replace(b'<row r="1"', b'<row r="9"')),
        "has row 2 after row 9",
    ),
    "bomb": (
        lambda: sheet_with(lambda part: part + b" " * (8 << 20)),
        "is larger inside than 4 MiB",
    ),
    "bomb that lies": (lying_bomb, "is cut off or damaged"),
    "nothing in it": (lambda: workbook_of(nothing), "is empty: it has no header"),
    "two answers": (lambda: workbook_of(two_sheets), "stands in several sheets"),
    "column renamed": (lambda: workbook_of(renamed), "lacks column 更新时间 (updated_at, 列)"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_file_that_is_no_delivery_is_refused_in_one_sentence(
    system: System, folder: Path, house: House, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr(workbook, "MAX_PART_BYTES", 4 << 20)
    make, message = REFUSALS[case]
    deliver(folder, make())

    result = house.extract(system)

    assert not result.receipts
    [failure] = result.failures
    assert message in failure.message, failure.message
    assert "名单_20240501.xlsx" in failure.message or case == "column renamed"
    assert failure.message.count("\n") == 0
    assert "户政科" in failure.remedy or case == "two answers"
    assert not list(house.settings.landing.rglob("*.parquet"))


def test_a_sheet_that_left_is_named(house: House, folder: Path) -> None:
    system = system_of(house, folder, sheet="名册")
    deliver(folder, good())
    [failure] = house.extract(system).failures
    assert "has no sheet 名册" in failure.message
    assert "which holds 名单" in failure.message
