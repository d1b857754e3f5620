"""The macros that hold a business meaning once, rendered by dbt and run in DuckDB."""

from datetime import date

import duckdb
import pytest

from citybase.settings import project_root
from tests.unit.models.scratch import render

pytestmark = pytest.mark.unit

AS_OF = date(2026, 11, 22)
EXPRESSIONS = {
    "end_date": "{{ open_ended_date('written') }}",
    "end_grade": "{{ end_date_grade('written') }}",
    "clean": "{{ clean_text('written') }}",
    "rank": "{{ attribute_rank('value', 'priority', "
    "rank_base('source_at', 'as_of_date', 'source_no', 'source_key')) }}",
    "priority": "{{ rank_priority('rank') }}",
    "second": "{{ rank_second('rank') }}",
    "source_no": "{{ rank_source_no('rank') }}",
    "is_birthday": "{{ matches_whole('written', birthday_pattern()) }}",
    "shape": "{{ from_shape('county_grid', 'resident') }}",
    "dialects": "select written.value, sex.standard_code from written "
    "{{ join_crosswalk('sex', 'sex', 'written.value', system='written.system_code') }}",
    "one_dialect": "select written.value, sex.standard_code from written "
    "{{ join_crosswalk('sex', 'sex', 'written.value') }}",
    "place": "select {{ division_in_force('division', 'written.division', address='place') }},"
    " {{ standard_address('place', 'written.address') }} from written"
    " {{ join_division('division', 'written.division') }}"
    " {{ join_address('place', 'written.address') }}",
}


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return render(tmp_path_factory.mktemp("scratch_project"), EXPRESSIONS)


@pytest.mark.parametrize(
    ("written", "day", "grade"),
    [
        ("2020-05-01", date(2020, 5, 1), "given"),
        ("2020/5/1", date(2020, 5, 1), "given"),
        ("2020.05.01", date(2020, 5, 1), "given"),
        ("20200501", date(2020, 5, 1), "given"),
        ("2020年5月1日", date(2020, 5, 1), "given"),
        (" 2020-05-01 00:00:00", date(2020, 5, 1), "given"),
        ("长期", None, "open"),
        ("9999-12-31", None, "open"),
        ("99991231", None, "open"),
        ("9999/12/31", None, "open"),
        ("", None, "open"),
        (None, None, "open"),
        ("2020-02-30", None, "unreadable"),
        ("2020", None, "unreadable"),
        ("五年", None, "unreadable"),
        ("20201301", None, "unreadable"),
    ],
)
def test_an_end_date_is_given_open_or_unreadable(
    sql: dict[str, str], written: str | None, day: date | None, grade: str
) -> None:
    found = duckdb.execute(
        f"select {sql['end_date']}, {sql['end_grade']} from (select ?::varchar as written)",
        [written],
    ).fetchone()
    assert found == (day, grade)


def ranks(sql: dict[str, str], rows: list[tuple[object, ...]]) -> list[int | None]:
    values = ", ".join("(?, ?, ?::timestamp, ?, ?)" for _ in rows)
    return [
        rank
        for (rank,) in duckdb.execute(
            f"select {sql['rank']} from (select *, date '2026-11-22' as as_of_date from"
            f" (values {values}) as t (value, priority, source_at, source_no, source_key))",
            [item for row in rows for item in row],
        ).fetchall()
    ]


def test_priority_beats_time_and_time_beats_source(sql: dict[str, str]) -> None:
    first, second, later, higher_source = ranks(
        sql,
        [
            ("a", 1, "1999-01-01", 1, "k"),
            ("a", 2, "2026-01-01", 900, "k"),
            ("a", 1, "1999-01-02", 1, "k"),
            ("a", 1, "1999-01-01", 2, "k"),
        ],
    )
    assert None not in (first, second, later, higher_source)
    assert second < first < higher_source < later < 2**63


def test_what_has_no_value_or_no_precedence_has_no_rank(sql: dict[str, str]) -> None:
    assert ranks(sql, [(None, 1, "1999-01-01", 1, "k"), ("a", None, "1999-01-01", 1, "k")]) == [
        None,
        None,
    ]


def test_a_time_after_the_day_of_the_cut_loses_against_every_real_one(
    sql: dict[str, str],
) -> None:
    future, past, missing = ranks(
        sql,
        [
            ("a", 1, "2099-01-01", 1, "k"),
            ("a", 1, "1971-01-01", 1, "k"),
            ("a", 1, None, 1, "k"),
        ],
    )
    assert missing is not None
    assert future < past
    assert missing < past


def test_the_bits_of_a_rank_are_its_provenance(sql: dict[str, str]) -> None:
    (rank,) = ranks(sql, [("a", 3, "2020-02-02 02:02:02", 517, "k")])
    found = duckdb.execute(
        f"select {sql['priority']}, {sql['second']}, {sql['source_no']} from (select ? as rank)",
        [rank],
    ).fetchone()
    assert found == (3, 1580608922, 517)


@pytest.mark.parametrize(
    ("written", "is_birthday"),
    [("19800101", True), ("20261231", True), ("10000018", False), ("19801301", False)],
)
def test_a_birthday_is_no_travel_permit(
    sql: dict[str, str], written: str, *, is_birthday: bool
) -> None:
    found = duckdb.execute(
        f"select {sql['is_birthday']} from (select ? as written)", [written]
    ).fetchone()
    assert found == (is_birthday,)


@pytest.mark.parametrize(
    ("written", "clean"), [("　张三 ", "张三"), (" ", None), ("", None), (None, None), ("a", "a")]
)
def test_blanks_of_a_form_are_no_text(
    sql: dict[str, str], written: str | None, clean: str | None
) -> None:
    found = duckdb.execute(
        f"select {sql['clean']} from (select ?::varchar as written)", [written]
    ).fetchone()
    assert found == (clean,)


def test_the_members_of_a_shape_stand_one_below_the_other_under_their_codes(
    sql: dict[str, str],
) -> None:
    with duckdb.connect() as duck:
        duck.execute("create schema raw")
        duck.execute("create table raw.grid_a__resident as select 1 as record_no, '甲' as name")
        duck.execute("create table raw.grid_b__resident as select 1 as record_no, '乙' as name")
        found = duck.sql(sql["shape"])
        assert found.columns == ["system_code", "department_code", "record_no", "name"]
        assert sorted(found.fetchall()) == [
            ("grid_a", "county_a", 1, "甲"),
            ("grid_b", "county_b", 1, "乙"),
        ]


# A county where 1 is a woman, among all the others where 1 is a man.
CROSSWALK = [
    ("sex", "*", "1", "1"),
    ("sex", "*", "2", "2"),
    ("sex", "grid_a", "1", "2"),
    ("sex", "grid_a", "男", "1"),
    ("ethnicity", "grid_b", "1", "01"),
]
WRITTEN = [
    ("grid_a", "1"),
    ("grid_a", "2"),
    ("grid_a", "男"),
    ("grid_b", "1"),
    ("grid_b", "男"),
    ("unknown", "2"),
]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("dialects", ["2", "2", "1", "1", None, "2"]),
        ("one_dialect", ["1", "2", None, "1", None, "2"]),
    ],
)
def test_a_systems_own_dialect_wins_over_that_of_all(
    sql: dict[str, str], query: str, codes: list[str | None]
) -> None:
    with duckdb.connect() as duck:
        duck.execute(
            "create table code_crosswalk"
            " (code_set varchar, system_code varchar, source_value varchar, standard_code varchar)"
        )
        duck.executemany("insert into code_crosswalk values (?, ?, ?, ?)", CROSSWALK)
        duck.execute("create table written (system_code varchar, value varchar)")
        duck.executemany("insert into written values (?, ?)", WRITTEN)
        found = duck.execute(sql[query]).fetchall()
    expected = [(value, code) for (_, value), code in zip(WRITTEN, codes, strict=True)]
    assert sorted(found, key=str) == sorted(expected, key=str)


SEEDS = project_root() / "dbt_project" / "seeds" / "code"
FULL = "山东省临沂市兰陵县卞庄街道1号"


@pytest.mark.parametrize(
    ("division", "address", "code", "place"),
    [
        ("371324", FULL, "371324", FULL),
        ("371324", "苍山县卞庄街道1号", "371324", FULL),
        ("372823", "临沂市苍山县卞庄街道1号", "371324", FULL),
        ("苍山县", "　兰陵县卞庄街道1号 ", "371324", FULL),
        ("371324001", None, "371324", None),
        ("371324001002", "卞庄街道1号", "371324", "卞庄街道1号"),
        # one of three counties took its place: which one, only the address can tell
        ("372801", "河东区汤头街道2号", "371312", "山东省临沂市河东区汤头街道2号"),
        ("372801", None, "371300", None),
        ("费县", "费县上冶镇南山村3号", "371325", "山东省临沂市费县上冶镇南山村3号"),
        ("371371", None, "371311", None),
        # elsewhere in the country nothing is known better
        ("110108", "北京市海淀区中关村大街1号", "110108", "北京市海淀区中关村大街1号"),
        ("不详", "", None, None),
        (None, None, None, None),
    ],
)
def test_a_place_is_known_by_the_code_in_force_and_its_address_written_one_way(
    sql: dict[str, str],
    division: str | None,
    address: str | None,
    code: str | None,
    place: str | None,
) -> None:
    with duckdb.connect() as duck:
        for seed in ("code_crosswalk", "code_division_succession", "code_division_national"):
            duck.execute(
                f"create table {seed} as from read_csv('{SEEDS / seed}.csv', all_varchar = true)"
            )
        duck.execute("create table written (division varchar, address varchar)")
        duck.execute("insert into written values (?, ?)", [division, address])
        assert duck.execute(sql["place"]).fetchall() == [(code, place)]
