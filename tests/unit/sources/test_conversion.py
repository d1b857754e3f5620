"""A source value becomes its registry type without loss, or is rejected with a reason."""

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from sources.conversion import conversion, typed_name
from sources.tables import LandedColumn

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def duck() -> duckdb.DuckDBPyConnection:
    return connect()


def convert(
    duck: duckdb.DuckDBPyConnection,
    column_type: str,
    raw: object,
    *,
    pattern: str | None = None,
    source_type: str = "VARCHAR",
    nullable: bool = True,
    is_key: bool = False,
) -> tuple[object, str | None]:
    made = conversion(
        LandedColumn("c", column_type, nullable=nullable),
        source_type=source_type,
        pattern=pattern,
        is_key=is_key,
    )
    row = duck.execute(
        f"select _typed_c, {made.problem or 'null'} "
        f"from (select *, {made.value} as {typed_name('c')} from (select $1::{source_type} as c))",
        [raw],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


@pytest.mark.parametrize(
    ("column_type", "raw", "value"),
    [
        ("integer", "12", 12),
        ("integer", " -12 ", -12),
        ("integer", "12.000", 12),
        ("bigint", "9223372036854775807", 9223372036854775807),
        ("decimal(18,2)", "1.20", Decimal("1.20")),
        ("decimal(18,2)", "1.2000", Decimal("1.20")),
        ("decimal(18,0)", "7", Decimal(7)),
        ("double", "1.5e3", 1500.0),
        ("boolean", "t", True),
        ("boolean", "0", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "2024/2/9", date(2024, 2, 9)),
        ("date", "2024-02-29 00:00:00", date(2024, 2, 29)),
        ("timestamp", "2024-02-29 23:59:59.5", datetime(2024, 2, 29, 23, 59, 59, 500000)),
        ("timestamp", "2024-02-29", datetime(2024, 2, 29)),
        ("timestamp", "2024-02-29T08:00", datetime(2024, 2, 29, 8)),
        ("varchar", "", ""),
        ("varchar", " 0001 ", " 0001 "),
    ],
)
def test_a_value_that_fits_is_converted(
    duck: duckdb.DuckDBPyConnection, column_type: str, raw: str, value: object
) -> None:
    assert convert(duck, column_type, raw) == (value, None)


@pytest.mark.parametrize(
    ("column_type", "raw"),
    [
        ("integer", "12.5"),
        ("integer", "1e3"),
        ("integer", "0x1F"),
        ("integer", "1_000"),
        ("integer", "2147483648"),
        ("integer", "十二"),
        ("decimal(18,2)", "1.239"),
        ("decimal(18,2)", "NaN"),
        ("decimal(18,2)", "Infinity"),
        ("decimal(4,2)", "100.00"),
        ("decimal(18,2)", "1,000"),
        ("double", "1.5x"),
        ("boolean", "是"),
        ("date", "2024-02-30"),
        ("date", "2024-00-10"),
        ("date", "0000-00-00"),
        ("date", "0000-01-01"),
        ("date", "infinity"),
        ("date", "-infinity"),
        ("date", "epoch"),
        ("date", "0044-03-15 BC"),
        ("date", "0044-03-15 (BC)"),
        ("date", "12024-01-01"),
        ("date", "2024-01-01 10:00:00"),
        ("date", "20240101"),
        ("timestamp", "infinity"),
        ("timestamp", "2024-01-01 10:00:00+08"),
        ("timestamp", "2024-01-01T10:00:00Z"),
        ("timestamp", "2024-01-01 25:00:00"),
        ("timestamp", "2024-01-01 10:00:00.1234567"),
        ("timestamp", "0044-03-15 10:00:00 BC"),
    ],
)
def test_a_value_that_would_lose_something_is_rejected(
    duck: duckdb.DuckDBPyConnection, column_type: str, raw: str
) -> None:
    assert convert(duck, column_type, raw)[1] == f"not_{column_type}"


@pytest.mark.parametrize("raw", ["NaN", "inf", "-Infinity", "1e400"])
def test_a_double_is_finite(duck: duckdb.DuckDBPyConnection, raw: str) -> None:
    assert convert(duck, "double", raw)[1] == "not_finite"


@pytest.mark.parametrize(
    ("column_type", "pattern", "raw", "value"),
    [
        ("date", "%Y%m%d", "20240229", date(2024, 2, 29)),
        ("date", "%Y年%m月%d日", "2024年02月29日", date(2024, 2, 29)),
        ("timestamp", "%Y-%m-%d %H:%M:%S", "2024-02-29 01:02:03", datetime(2024, 2, 29, 1, 2, 3)),
    ],
)
def test_a_pattern_reads_dates_written_as_text(
    duck: duckdb.DuckDBPyConnection, column_type: str, pattern: str, raw: str, value: object
) -> None:
    assert convert(duck, column_type, raw, pattern=pattern) == (value, None)


@pytest.mark.parametrize(
    "raw", ["2024101", "20240230", "2024-01-01", "infinity", "epoch", "202401011", "00000000"]
)
def test_a_pattern_is_exact(duck: duckdb.DuckDBPyConnection, raw: str) -> None:
    assert convert(duck, "date", raw, pattern="%Y%m%d")[1] == "not_date"


@pytest.mark.parametrize("raw", [None, "", "  "])
def test_blank_is_null_for_all_but_text(duck: duckdb.DuckDBPyConnection, raw: str | None) -> None:
    assert convert(duck, "date", raw) == (None, None)
    assert convert(duck, "decimal(9,2)", raw) == (None, None)
    assert convert(duck, "integer", raw, nullable=False) == (None, "value_missing")
    assert convert(duck, "varchar", raw) == (raw, None)


def test_a_key_is_neither_null_nor_blank(duck: duckdb.DuckDBPyConnection) -> None:
    for raw in (None, "", " "):
        assert convert(duck, "varchar", raw, nullable=False, is_key=True)[1] == "key_missing"
    assert convert(duck, "varchar", "", nullable=False) == ("", None)


@pytest.mark.parametrize(
    ("column_type", "source_type", "raw", "expected"),
    [
        ("smallint", "INTEGER", 40000, (None, "not_smallint")),
        ("integer", "BIGINT", 7, (7, None)),
        ("decimal(4,2)", "BIGINT", 99, (Decimal("99.00"), None)),
        ("decimal(4,2)", "BIGINT", 100, (None, "not_decimal(4,2)")),
        ("varchar", "BIGINT", 7, ("7", None)),
        ("boolean", "BOOLEAN", True, (True, None)),
        (
            "double",
            "DOUBLE",
            float("nan"),
            (pytest.approx(float("nan"), nan_ok=True), "not_finite"),
        ),
    ],
)
def test_a_native_value_is_judged_too(
    duck: duckdb.DuckDBPyConnection,
    column_type: str,
    source_type: str,
    raw: object,
    expected: tuple[object, str | None],
) -> None:
    assert convert(duck, column_type, raw, source_type=source_type) == expected


@settings(deadline=None)
@given(raw=st.from_regex(r"[+-]?[0-9]{0,12}(\.[0-9]{0,6})?(e[0-9]{1,2})?", fullmatch=True))
def test_an_accepted_number_is_the_same_number(duck: duckdb.DuckDBPyConnection, raw: str) -> None:
    for column_type in ("bigint", "decimal(18,3)"):
        value, problem = convert(duck, column_type, raw)
        if problem is None and value is not None:
            assert Decimal(raw) == value


@settings(deadline=None)
@given(moment=st.datetimes(min_value=datetime(1, 1, 1)))
def test_every_moment_survives(duck: duckdb.DuckDBPyConnection, moment: datetime) -> None:
    assert convert(duck, "timestamp", str(moment)) == (moment, None)
    assert convert(duck, "date", str(moment.date())) == (moment.date(), None)
    written = f"{moment.year:04}{moment:%m%d}"
    assert convert(duck, "date", written, pattern="%Y%m%d") == (moment.date(), None)


@settings(deadline=None)
@given(raw=st.text(max_size=12))
def test_any_text_is_converted_or_rejected_but_never_breaks(
    duck: duckdb.DuckDBPyConnection, raw: str
) -> None:
    for column_type in ("date", "timestamp", "integer", "decimal(9,2)", "double", "boolean"):
        value, problem = convert(duck, column_type, raw)
        assert (value is not None and problem is None) or problem or not raw.strip()
