"""The scan finds what is planted, wherever it is planted, and nothing in what is clean."""

from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.errors import WarehouseError
from citybase.serving.scan import scan_for_personal_data
from citybase.serving.versions import version_folder
from tests.integration.serving.serving_house import PERSONS, build_house

pytestmark = pytest.mark.integration

WIDE = {ord(plain): ord(plain) + 0xFEE0 for plain in "0123456789X"}
NAMES = {"张伟丽", "王·买买提", "John Smith"}


def _file(folder: Path, expression: str) -> Path:
    path = folder / "planted.duckdb"
    with connect(path) as connection:
        connection.execute("create table clean as select 1 as n, '兰山区' as place")
        connection.execute(
            f"create table t as select 1 as k, {expression} as planted union all select 2, null"
        )
    return path


@pytest.mark.parametrize(
    "expression",
    [
        "'11010519491231002X'",
        "'11010519491231002x'",
        "'110105194912310021'",  # the check digit is wrong, the number is a person's all the same
        "'身份证:11010519491231002X,有效'",
        "'1 1010519491231002X|11010519491231002X'",
        f"'{'11010519491231002X'.translate(WIDE)}'",
        "'11010519491231002\u0425'",
        "'440524188001010014'",
        "'610104620927690'",
        "'610104196209276908'",
        "610104196209276908",
        "61010419620927690",
        "610104620927690",
        "610104620927690::decimal(18,2)",
        "610104620927690::hugeint",
        "610104620927690::double",
        "['a', '11010519491231002X']",
        "{'name': 'x', 'inner': {'id': '11010519491231002X'}}",
        "map {'k': ['11010519491231002X']}",
        '\'{"id": "11010519491231002X"}\'::json',
        "'11010519491231002X'::blob",
        "'11010519491231002X'::enum('11010519491231002X')",
        "union_value(num := '11010519491231002X')",
        "'810000199408230021'",
        "'911370198001010014'",
    ],
)
def test_resident_numbers_are_found(tmp_path: Path, expression: str) -> None:
    found = scan_for_personal_data(_file(tmp_path, expression), NAMES)
    assert [(f.file, f.table, f.column, f.kind, f.values) for f in found] == [
        ("planted.duckdb", "t", "planted", "resident_number", 1)
    ]
    assert "*" in found[0].example
    assert "1231" not in found[0].example


@pytest.mark.parametrize(
    "expression",
    [
        "'13900001234'",
        "'139-0000-1234'",
        "'139 0000 1234'",
        "'+8613900001234'",
        "'86-13900001234'",
        "'0086 13900001234'",
        f"'{'13900001234'.translate(WIDE)}'",
        "'电话13900001234转'",
        "'0539-8312315/13900001234'",
        "13900001234",
        "13900001234::decimal(20,4)",
        "13900001234::double",
        "[['13900001234']]",
        "{'phone': 13900001234}",
        "'13900001234'::blob",
    ],
)
def test_mobile_phones_are_found(tmp_path: Path, expression: str) -> None:
    found = scan_for_personal_data(_file(tmp_path, expression), NAMES)
    assert [(f.column, f.kind, f.values) for f in found] == [("planted", "mobile_phone", 1)]
    assert "00001234" not in found[0].example


@pytest.mark.parametrize(
    "expression",
    [
        "'张伟丽'",
        "' 张伟丽 '",
        "'申请人:张伟丽(本人)'",
        "'王·买买提'",
        "'John Smith'",
        "['李雷', '张伟丽']",
        "{'who': {'name': '张伟丽'}}",
        "map {'张伟丽': 1}",
        '\'{"name": "张伟丽"}\'::json',
        "encode('张伟丽')",
        "'张伟丽'::enum('张伟丽')",
    ],
)
def test_names_are_found(tmp_path: Path, expression: str) -> None:
    found = scan_for_personal_data(_file(tmp_path, expression), NAMES)
    assert [(f.column, f.kind, f.values) for f in found] == [("planted", "name", 1)]


@pytest.mark.parametrize(
    "expression",
    [
        "'371302************'",
        "'139****1234'",
        "'张*丽'",
        "'张伟'",
        "'113713000043237470'",  # the USCC of an organ, all digits
        "'110108000000016'",  # a business registration number (GS 15-2006)
        "'371302201301130'",  # such a number that reads like a birth on 1920-13-01
        "date '1985-07-12'",
        "timestamp '2025-06-01 13:14:15.123456'",
        "13000000000.00::decimal(20,2)",
        "15900000000::bigint",
        "'0539-8312315'",
        "'3fa13900001234bc'",
        "md5('x')",
        "gen_random_uuid()",
        "'1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U'",
        "9223372036854775807",
    ],
)
def test_what_is_no_personal_data_is_passed_over(tmp_path: Path, expression: str) -> None:
    assert scan_for_personal_data(_file(tmp_path, expression), NAMES) == []


def test_a_published_analyst_folder_is_clean_and_a_leak_in_it_is_found(tmp_path: Path) -> None:
    house = build_house(tmp_path / "home")
    house.publish()
    names = {name for _, _, name, *_ in PERSONS}
    current = house.settings.serving / "analyst" / "current"
    assert scan_for_personal_data(current, names) == []
    house.change("update mart.mart_overview__population_by_county set people = 0")
    house.change(
        "alter table library.lib_shared__code_value alter code type varchar",
        f"update library.lib_shared__code_value set label = '{PERSONS[0][1]}' where code = '01'",
        f"update library.lib_shared__code_value set label = '{PERSONS[1][2]}' where code = '02'",
    )
    house.publish()
    found = scan_for_personal_data(current, names)
    assert [(f.file, f.table, f.column, f.kind) for f in found] == [
        ("shared.duckdb", "code_value", "label", "resident_number"),
        ("shared.duckdb", "code_value", "label", "name"),
    ]


def test_a_scan_of_nothing_or_of_a_locked_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no published file"):
        scan_for_personal_data(tmp_path, NAMES)
    with pytest.raises(WarehouseError, match="no published file"):
        scan_for_personal_data(tmp_path / "absent.duckdb", NAMES)
    house = build_house(tmp_path / "home")
    house.publish()
    with pytest.raises(WarehouseError, match="cannot be opened"):
        scan_for_personal_data(version_folder(house.settings, "steward"), NAMES)
