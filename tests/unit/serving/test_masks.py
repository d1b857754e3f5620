"""The properties every mask must have (STANDARDS.md B9), on real values and on arbitrary text."""

from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from citybase.duck import connect, literal
from citybase.serving.masks import (
    MASK_KINDS,
    NOTES,
    MaskContext,
    MaskKind,
    Region,
    accepts,
    mask_sql,
    organisation_condition,
    published_name,
)

pytestmark = pytest.mark.unit

REGIONS = (
    Region(provinces=("北京市",), prefectures=("市辖区",), counties=("东城区",)),
    Region(
        provinces=("山东省",),
        prefectures=("临沂市", "临沂地区"),
        counties=("兰山区", "沂南县", "费县", "临沂市"),
    ),
)
CONTEXT = MaskContext(
    regions=REGIONS,
    is_organisation=organisation_condition(uscc="uscc", registration_number="number"),
)
STARRING: tuple[MaskKind, ...] = ("name", "resident_number", "number_tail", "phone")

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=8)
DIGITS = st.text("0123456789Xx", max_size=20)
ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=24)
TEXT = st.one_of(HAN, DIGITS, ANY)


@pytest.fixture(scope="module")
def connection() -> Any:
    """DuckDB with each mask prepared as `mask_<kind>`: thousands of values are asked of it."""
    with connect(threads=1) as opened:
        for kind in (*STARRING, "address"):
            sql = mask_sql(kind, column="value", value="value", context=CONTEXT)
            opened.execute(
                f"prepare mask_{kind} as select {sql} from (select $1::varchar as value)"
            )
        row = ("uscc", "number", "value")
        shown = (mask_sql("individual_business", column=c, value=c, context=CONTEXT) for c in row)
        given = (f"${at}::varchar as {c}" for at, c in enumerate(row, start=1))
        opened.execute(
            f"prepare mask_business as select {', '.join(shown)} from (select {', '.join(given)})"
        )
        yield opened


def _mask(connection: duckdb.DuckDBPyConnection, kind: MaskKind, value: str) -> str | None:
    row = connection.execute(f"execute mask_{kind}({literal(value)})").fetchone()
    assert row is not None
    masked: str | None = row[0]
    return masked


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("name", "张三", "张*"),
        ("name", "张三丰", "张*丰"),
        ("name", "欧阳修", "欧阳*"),
        ("name", "欧阳震华", "欧阳**"),
        ("name", "欧阳", "欧*"),
        ("name", "张王小明", "张***"),
        ("name", "阿卜杜拉·买买提", "阿*******"),
        ("name", "张", "*"),
        ("resident_number", "37130219850712001X", "371302" + "*" * 12),
        ("resident_number", "371302850712001", "371302" + "*" * 9),
        ("resident_number", "H12345678", "*" * 9),
        ("number_tail", "6222021234567890123", "*" * 15 + "0123"),
        ("number_tail", "AB12345", "*****45"),
        ("number_tail", "37130219850712001x", "*" * 18),
        ("number_tail", "371302850712001", "*" * 15),
        ("phone", "13900001234", "139****1234"),
        ("phone", "0539-8312315", "053*****2315"),
        ("phone", "8312315", "*" * 7),
        ("address", "山东省临沂市兰山区金雀山街道1号张三家", "山东省临沂市兰山区"),
        ("address", "山东省 临沂市 费县 探沂镇", "山东省临沂市费县"),
        ("address", "沂南县界湖镇", "沂南县"),
        ("address", "临沂市金雀山路", "临沂市"),
        ("address", "北京市东城区", "北京市东城区"),
        ("address", "张三家", None),
        ("address", "在兰山区", None),
    ],
)
def test_samples(connection: Any, kind: MaskKind, value: str, expected: str | None) -> None:
    assert _mask(connection, kind, value) == expected


@pytest.mark.parametrize("kind", [*STARRING, "address"])
@settings(max_examples=150, deadline=None)
@given(value=TEXT)
@example(value="")
@example(value="张")
@example(value="*")
@example(value="37130219850712001X")
@example(value="张\U0001f600三")
def test_a_mask_of_a_mask_is_the_mask(connection: Any, kind: MaskKind, value: str) -> None:
    masked = _mask(connection, kind, value)
    assert masked is None or _mask(connection, kind, masked) == masked


@pytest.mark.parametrize("kind", STARRING)
@settings(max_examples=150, deadline=None)
@given(value=TEXT)
@example(value="")
@example(value="张\U0001f600三")
def test_the_length_stays_and_something_is_hidden(
    connection: Any, kind: MaskKind, value: str
) -> None:
    masked = _mask(connection, kind, value)
    assert masked is not None
    assert len(masked) == len(value)
    assert all(shown in ("*", plain) for shown, plain in zip(masked, value, strict=True))
    if value:
        assert "*" in masked
        # Equal only where the hidden characters were stars before: a value masked already.
        assert masked != value or "*" in value


@pytest.mark.parametrize("kind", STARRING)
@settings(max_examples=100, deadline=None)
@given(value=st.one_of(HAN, st.text("0123456789X", max_size=20)).filter(bool))
def test_no_masked_value_equals_the_original(connection: Any, kind: MaskKind, value: str) -> None:
    assert _mask(connection, kind, value) != value


@settings(max_examples=200, deadline=None)
@given(value=TEXT, place=st.sampled_from(["", "兰山区", "山东省临沂市费县", "北京市"]))
def test_an_address_keeps_names_of_divisions_only(connection: Any, value: str, place: str) -> None:
    masked = _mask(connection, "address", place + value)
    if masked is not None:
        rest = masked
        for region in REGIONS:
            for names in (region.provinces, region.prefectures, region.counties):
                for name in names:
                    rest = rest.replace(name, "")
        assert rest == ""


@settings(max_examples=100, deadline=None)
@given(born=st.dates(date(1900, 1, 1), date(2030, 12, 31)), sequence=st.integers(0, 999))
def test_the_birthday_is_in_no_masked_number(connection: Any, born: date, sequence: int) -> None:
    number = f"371302{born:%Y%m%d}{sequence:03d}1"
    for kind in ("resident_number", "number_tail", "phone"):
        masked = _mask(connection, kind, number)
        assert masked is not None
        assert set(masked[6:14]) == {"*"}
    assert set(str(_mask(connection, "resident_number", number))[6:]) == {"*"}


@pytest.mark.parametrize("kind", [*STARRING, "address", "individual_business"])
def test_null_stays_null(connection: Any, kind: MaskKind) -> None:
    sql = mask_sql(kind, column="value", value="value", context=CONTEXT)
    source = "select null::varchar as value, null::varchar as uscc, null::varchar as number"
    assert connection.execute(f"select {sql} from ({source})").fetchone() == (None,)


def test_a_month_is_never_a_day_and_says_so_in_its_name(connection: Any) -> None:
    sql = mask_sql("birth_month", column="birth_date", value="d", context=CONTEXT)
    rows = connection.execute(
        f"select {sql} from (values (date '1985-07-01'), (date '0987-12-31'), (null)) t(d)"
    ).fetchall()
    assert rows == [("1985-07",), ("0987-12",), (None,)]
    assert published_name("birth_month", column="birth_date") == "birth_month"
    assert published_name("birth_month", column="born") == "born"
    assert published_name("name", column="birth_date") == "birth_date"


def _business(
    connection: Any, *, uscc: str | None, number: str | None, value: str | None
) -> dict[str, str | None]:
    values = {"uscc": uscc, "number": number, "value": value}
    given = ", ".join("null" if v is None else literal(v) for v in values.values())
    found = connection.execute(f"execute mask_business({given})").fetchone()
    return dict(zip(values, found, strict=True))


CATEGORY = st.sampled_from(["11", "12", "51", "54", "91", "92", "93", "A1", "N1", "Y1"])
BODY = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=16, max_size=16)
REGISTRATION = st.one_of(st.none(), st.text("0123456789", min_size=15, max_size=15), ANY)


@settings(max_examples=200, deadline=None)
@given(
    uscc=st.one_of(st.none(), st.builds(str.__add__, CATEGORY, BODY), ANY),
    number=REGISTRATION,
    value=TEXT,
)
def test_only_a_proven_organisation_is_shown(
    connection: Any, uscc: str | None, number: str | None, value: str
) -> None:
    masked = _business(connection, uscc=uscc, number=number, value=value)
    well_formed = (
        uscc is not None and len(uscc) == 18 and set(uscc) <= set("0123456789ABCDEFGHJKLMNPQRTUWXY")
    )
    digits = number is not None and len(number) == 15 and set(number) <= set("0123456789")
    is_organisation = (well_formed and str(uscc)[:2] != "92") or (
        uscc is None and digits and str(number)[6] in "012345"
    )
    if is_organisation:
        assert masked == {"uscc": uscc, "number": number, "value": value}
    else:
        assert masked["value"] == "*" * len(value)
        if number is not None:
            assert masked["number"] == "*" * len(number)
        if uscc is not None:
            assert masked["uscc"] == uscc[:2] + "*" * (len(uscc) - 2)
    assert _business(connection, **masked) == masked


def test_every_kind_is_noted_and_knows_its_types() -> None:
    assert set(NOTES) == set(MASK_KINDS)
    assert accepts("birth_month", data_type="DATE")
    assert not accepts("birth_month", data_type="VARCHAR")
    assert not accepts("name", data_type="VARCHAR[]")
    assert accepts("drop", data_type="STRUCT(a INTEGER)")
