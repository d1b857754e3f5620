"""What Excel did to a value is undone where it can be known, and named where it cannot."""

import pytest

from sources.connectors.excel_value import (
    ERROR_CELL,
    NOT_CALCULATED,
    NUMBER_DAMAGED,
    Written,
    plain,
    written,
)
from sources.connectors.sheet import Cell, Kind

pytestmark = pytest.mark.unit


def value(
    kind: Kind,
    text: str,
    column_type: str = "varchar",
    pattern: str | None = None,
    *,
    is_1904: bool = False,
) -> Written:
    return written(Cell(kind, text), column_type=column_type, pattern=pattern, is_1904=is_1904)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("text", "001", "001"),
        ("text", "  371302199001011234　", "  371302199001011234　"),
        ("text", "'371302199001011234", "371302199001011234"),
        ("text", "'", "'"),
        ("text", "'' 引号", "'' 引号"),
        ("text", "３７１３０２", "３７１３０２"),
        ("text", "5E型+", "5E型+"),
        ("number", "13800001111", "13800001111"),
        ("number", "130503670401001", "130503670401001"),
        ("number", "999999999999999", "999999999999999"),
        ("number", "7", "7"),
        ("number", "7.0", "7"),
        ("number", "-0", "0"),
        ("number", "1E-7", "0.0000001"),
        ("number", "0.30000000000000004", "0.3"),
        ("number", "1.2E+3", "1200"),
        ("percent", "0.125", "12.5%"),
        ("percent", "1", "100%"),
        ("day", "45413", "2024-05-01"),
        ("day", "45413.5", "2024-05-01 12:00:00"),
        ("time", "0.25", "06:00:00"),
        ("boolean", "1", "TRUE"),
        ("boolean", "0", "FALSE"),
    ],
)
def test_a_text_column_holds_what_the_cell_still_says(kind: Kind, text: str, said: str) -> None:
    assert value(kind, text) == Written(said)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "3.71302199001011E+17"),
        ("number", "371302199001011234"),
        ("number", "1000000000000000"),
        ("number", "-1E+15"),
        ("number", "1E+400"),
        ("number", "Infinity"),
        ("number", "zwei"),
        ("text", "3.71302E+17"),
        ("text", " 3.71302e+17 "),
        ("text", "'3.71302E+17"),
        ("percent", "3.71302199001011E+17"),
    ],
)
@pytest.mark.parametrize("column_type", ["varchar", "bigint", "decimal(18,2)"])
def test_digits_that_excel_dropped_are_never_made_up(
    kind: Kind, text: str, column_type: str
) -> None:
    found = value(kind, text, column_type)
    assert found.damage == NUMBER_DAMAGED
    assert found.text == text.removeprefix("'") or found.text == text


def test_a_double_may_be_large() -> None:
    assert value("number", "3.5E+17", "double") == Written("3.5e+17")


@pytest.mark.parametrize("column_type", ["varchar", "date", "decimal(18,2)", "boolean"])
def test_errors_and_formulas_without_a_result_say_nothing(column_type: str) -> None:
    assert value("error", "#N/A", column_type) == Written("#N/A", ERROR_CELL)
    assert value("formula", "", column_type) == Written("=", NOT_CALCULATED)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,234.50", "1234.50"),
        ("¥1,234", "1234"),
        ("１２３．５", "123.5"),
        ("12.5%", "0.125"),
        (" 12 ", "12"),
        ("1,23", "1,23"),
        ("约12", "约12"),
    ],
)
def test_numbers_written_as_text_are_numbers(text: str, said: str) -> None:
    assert value("text", text, "decimal(18,2)") == Written(said)


# Counts of days with their days: ECMA-376 part 1, 18.17.4.1, and Excel itself for the first ones.
@pytest.mark.parametrize(
    ("kind", "text", "is_1904", "said"),
    [
        ("day", "1", False, "1900-01-01"),
        ("day", "59", False, "1900-02-28"),
        ("day", "60", False, "60"),
        ("day", "61", False, "1900-03-01"),
        ("day", "45413", False, "2024-05-01"),
        ("day", "2958465", False, "9999-12-31"),
        ("day", "2958466", False, "2958466"),
        ("day", "0", False, "0"),
        ("day", "-1", False, "-1"),
        ("day", "0", True, "1904-01-01"),
        ("day", "60", True, "1904-03-01"),
        ("day", "43951", True, "2024-05-01"),
        ("number", "45413", False, "2024-05-01"),
        ("number", "20240501", False, "2024-05-01"),
        ("number", "2024", False, "2024"),
        ("number", "202405", False, "202405"),
        ("number", "20240230", False, "20240230"),
        ("number", "45413.25", False, "2024-05-01 06:00:00"),
        ("text", "2024-05-01", False, "2024-05-01"),
        ("text", "2024/5/1", False, "2024-05-01"),
        ("text", "2024.5.1", False, "2024-05-01"),
        ("text", "2024年5月1日", False, "2024-05-01"),
        ("text", "２０２４年５月１日", False, "2024-05-01"),
        ("text", "20240501", False, "2024-05-01"),
        ("text", " 2024-5-1 0:00:00", False, "2024-05-01"),
        ("text", "2024-05-01 08:30", False, "2024-05-01 08:30:00"),
        ("text", "2024-02-30", False, "2024-02-30"),
        ("text", "5/1/2024", False, "5/1/2024"),
        ("text", "不详", False, "不详"),
        ("iso", "2024-05-01T00:00:00", False, "2024-05-01"),
    ],
)
def test_a_day_is_understood_when_it_can_mean_only_one(
    kind: Kind, text: str, *, is_1904: bool, said: str
) -> None:
    assert value(kind, text, "date", is_1904=is_1904) == Written(said)


@pytest.mark.parametrize(
    ("kind", "text", "pattern", "said"),
    [
        ("day", "45413.5", None, "2024-05-01 12:00:00"),
        ("day", "45413.99999999", None, "2024-05-01 23:59:59.999000"),
        ("day", "45413.999999999999", None, "2024-05-02 00:00:00"),
        ("day", "45413.354166666664", "%Y-%m-%d %H:%M:%S", "2024-05-01 08:30:00"),
        ("text", "2024年5月1日 8时30分", "%Y-%m-%d %H:%M:%S", "2024-05-01 08:30:00"),
        ("text", "20240501083000", "%Y%m%d%H%M%S", "20240501083000"),
        ("text", "2024-05-01", "%Y-%m-%d %H:%M:%S", "2024-05-01 00:00:00"),
        ("text", "2024-05-01 08:30:00.5", "%Y-%m-%d %H:%M:%S", "2024-05-01 08:30:00.500000"),
    ],
)
def test_a_time_keeps_its_seconds(kind: Kind, text: str, pattern: str | None, said: str) -> None:
    assert value(kind, text, "timestamp", pattern) == Written(said)


def test_a_day_is_written_as_the_column_reads_it() -> None:
    assert value("day", "45413", "date", "%Y%m%d") == Written("20240501")
    assert value("text", "2024/5/1", "date", "%Y%m%d") == Written("20240501")
    # A time must not be cut off a day in silence.
    assert value("day", "45413.5", "date", "%Y%m%d") == Written("2024-05-01 12:00:00")


@pytest.mark.parametrize(
    ("number", "text"), [(12.340000000000002, "12.34"), (1e14, "100000000000000"), (0.0, "0")]
)
def test_a_number_has_fifteen_digits_and_no_exponent(number: float, text: str) -> None:
    assert plain(number) == text
