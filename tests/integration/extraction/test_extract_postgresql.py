"""PostgreSQL: what fits lands exactly, the rest is quarantined, every fault has one voice."""

from datetime import date, datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from sources.contract import System
from sources.landing import table_lock
from tests.integration.extraction.extraction_house import (
    PASSWORD,
    POSTGRESQL,
    House,
    Server,
    make_system,
)

pytestmark = pytest.mark.integration

COLUMNS = [
    "id varchar key",
    "name varchar required",
    "born date",
    "income decimal(18,2)",
    "visits integer",
    "active boolean",
    "ratio double",
    "updated_at timestamp",
]
CREATE = """
    create table huji.resident (
        id char(6) not null, name text, born date, income numeric, visits int8, active bool,
        ratio float8, updated_at timestamp, ignored jsonb
    )
"""


@pytest.fixture
def system(server: Server, schema: str, house: House) -> System:
    server.execute(CREATE)
    made = make_system(POSTGRESQL, {"resident": COLUMNS})
    house.locate(made, server.reader)
    return made


def insert(server: Server, *rows: str) -> None:
    values = ", ".join(f"({row})" for row in rows)
    server.execute(
        "insert into huji.resident (id, name, born, income, visits, active, ratio, updated_at) "
        f"values {values}"
    )


def test_good_rows_land_exactly(system: System, server: Server, house: House) -> None:
    insert(
        server,
        "'r1', '张䶮𠮷', '1968-07-12', 1234567890123456.78, 3, true, 0.1, '2024-01-02 03:04:05.6'",
        "'r2', '', null, null, null, null, null, null",
    )

    result = house.extract(system)

    assert result.failures == ()
    [receipt] = result.receipts
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (2, 2, 0)
    assert house.landed(system, "resident") == [
        (
            "r1",
            "张䶮𠮷",
            date(1968, 7, 12),
            Decimal("1234567890123456.78"),
            3,
            True,
            0.1,
            datetime(2024, 1, 2, 3, 4, 5, 600000),
        ),
        ("r2", "", None, None, None, None, None, None),
    ]


def test_every_segment_row_says_where_it_comes_from(
    system: System, server: Server, house: House
) -> None:
    insert(server, "'r1', 'a', null, null, null, null, null, null")

    [receipt] = house.extract(system).receipts

    [(operation, position, committed_at, batch_id)] = house.landed(
        system, "resident", "_op", "_position", "_committed_at", "_batch_id"
    )
    assert (operation, position, batch_id) == ("r", None, receipt.batch_id)
    assert committed_at == house.last(system, "resident").started_at


def test_bad_rows_are_quarantined_with_value_column_reason_and_key(
    system: System, server: Server, house: House
) -> None:
    insert(
        server,
        "'ok', 'a', '2024-01-01', 1, 1, true, 1, '2024-01-01'",
        "'b1', 'a', 'infinity', 1, 1, true, 1, null",
        "'b2', 'a', '0044-03-15 BC', 1, 1, true, 1, null",
        "'b3', 'a', null, 'NaN', 1, true, 1, null",
        "'b4', 'a', null, 'Infinity', 1, true, 1, null",
        "'b5', 'a', null, 1.005, 1, true, 1, null",
        "'b6', 'a', null, 1, 3000000000, true, 1, null",
        "'b7', 'a', null, 1, 1, true, 'NaN', null",
        "'b8', 'a', null, 1, 1, true, 1, '-infinity'",
        "'b9', null, null, 1, 1, true, 1, null",
        "'ok', 'b', null, 1, 1, true, 1, null",
        "'', 'b', null, 1, 1, true, 1, null",
    )

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (12, 1, 11)
    found = house.quarantined(system, "resident")
    assert [(q["row_key"], q["column_code"], q["raw_value"], q["reason"]) for q in found] == [
        ('{"id":"b1"}', "born", "infinity", "not_date"),
        ('{"id":"b2"}', "born", "0044-03-15 BC", "not_date"),
        ('{"id":"b3"}', "income", "NaN", "not_decimal(18,2)"),
        ('{"id":"b4"}', "income", "Infinity", "not_decimal(18,2)"),
        ('{"id":"b5"}', "income", "1.005", "not_decimal(18,2)"),
        ('{"id":"b6"}', "visits", "3000000000", "not_integer"),
        ('{"id":"b7"}', "ratio", "nan", "not_finite"),
        ('{"id":"b8"}', "updated_at", "-infinity", "not_timestamp"),
        ('{"id":"b9"}', "name", None, "value_missing"),
        ('{"id":"ok"}', "id", "ok", "duplicate_key"),
        ('{"id":""}', "id", "", "key_missing"),
    ]
    assert house.landed(system, "resident", "id", "name") == [("ok", "a")]


def test_what_is_read_natively_is_what_postgresql_writes(
    server: Server, schema: str, house: House
) -> None:
    """Numbers, days and instants of every size against PostgreSQL's own text of them."""
    kinds = {"tiny": (4, 4), "money": (12, 2), "whole": (18, 0), "long": (38, 10), "most": (38, 38)}
    numbers = ", ".join(f"{code} numeric({p},{s})" for code, (p, s) in kinds.items())
    server.execute(
        f"create table huji.native (id bigint, {numbers}, day date, moment timestamp,"
        " zoned timestamptz, code char(5))"
    )
    drawn = ", ".join(
        f"(case when i % 2 = 0 then -1 else 1 end) * trunc(random()::numeric * 10::numeric ^ (i % "
        f"{p + 1}) ) / 10::numeric ^ {s}"
        for p, s in kinds.values()
    )
    server.execute(
        f"""
        insert into huji.native
        select
            i, {drawn},
            date '0001-01-01' + (random() * 3652058)::int,
            timestamp '0001-01-01' + random() * interval '9998 years',
            timestamp '1900-01-01' + random() * interval '200 years',
            repeat('a', i % 6) || repeat(' ', i % 3)
        from generate_series(1, 3000) as i
        """
    )
    columns = [
        *(f"{code} decimal({p},{s})" for code, (p, s) in kinds.items()),
        *("day date", "moment timestamp", "zoned timestamp", "code varchar"),
    ]
    made = make_system(POSTGRESQL, {"native": ["id bigint key", *columns]})
    house.locate(made, server.reader)

    [receipt] = house.extract(made).receipts

    assert (receipt.rows_landed, receipt.rows_quarantined) == (3000, 0)
    texts = ["day::text", "moment::text", "code"]
    shown = [*kinds, *texts]
    landed = house.landed(made, "native", "id", *shown, "zoned::text")
    with psycopg.connect(server.admin) as connection:
        theirs = connection.execute(
            f"select id, {', '.join(shown)}, (zoned at time zone 'Asia/Shanghai')::text"  # type: ignore[arg-type, unused-ignore]
            " from huji.native order by id"
        ).fetchall()
    assert landed == [(*row[:8], row[8].rstrip(" "), row[9]) for row in theirs]


def test_what_a_native_type_has_not_is_refused_as_postgresql_writes_it(
    server: Server, schema: str, house: House
) -> None:
    server.execute(
        "create table huji.odd (id bigint, money numeric(12,2), day date, moment timestamp,"
        " rough numeric(12,2), hundreds numeric(5,-2))"
    )
    server.execute(
        """
        insert into huji.odd values
            (1, 'NaN', null, null, null, 12300), (2, null, 'infinity', null, null, null),
            (3, null, '-infinity', null, null, null), (4, null, '4713-01-01 BC', null, null, null),
            (5, null, '10000-01-01', null, null, null), (6, null, null, 'infinity', null, null),
            (7, null, null, '0044-03-15 10:00:00.5 BC', null, null),
            (8, null, null, '10000-01-01', null, null), (9, 0, '0001-01-01', '9999-12-31 23:59:59',
            1.20, -200), (10, null, null, null, 1.25, null), (11, null, null, '294276-12-31', null,
            null)
        """
    )
    columns = ["money decimal(12,2)", "day date", "moment timestamp", "rough decimal(12,1)"]
    made = make_system(POSTGRESQL, {"odd": ["id bigint key", *columns, "hundreds decimal(9,0)"]})
    house.locate(made, server.reader)

    house.extract(made)

    assert [row[:2] for row in house.landed(made, "odd", "id", "hundreds::integer")] == [(9, -200)]
    found = house.quarantined(made, "odd")
    assert [(q["column_code"], q["raw_value"], q["reason"]) for q in found[:-1]] == [
        ("money", "NaN", "not_decimal(12,2)"),
        ("day", "infinity", "not_date"),
        ("day", "-infinity", "not_date"),
        ("day", "4713-01-01 BC", "not_date"),
        ("day", "10000-01-01", "not_date"),
        ("moment", "infinity", "not_timestamp"),
        ("moment", "0044-03-15 10:00:00.5 BC", "not_timestamp"),
        ("moment", "10000-01-01 00:00:00", "not_timestamp"),
        ("rough", "1.25", "not_decimal(12,1)"),
    ]
    assert found[-1]["reason"] == "not_timestamp"
    assert '"money":"NaN"' in str(found[0]["raw_row"])
    assert '"hundreds":"12300"' in str(found[0]["raw_row"])


def test_types_duckdb_does_not_know_arrive_as_postgresqls_own_text(
    schema: str, server: Server, house: House
) -> None:
    server.execute("drop type if exists mood; create type mood as enum ('froh')")
    server.execute("drop domain if exists code; create domain code as varchar(3)")
    server.execute("""
        create table huji.odd (
            id int2, list text[], document jsonb, feeling mood, short code, network inet,
            span interval, bytes bytea, small float4, zoned timestamptz, huge numeric
        )
    """)
    server.execute("""
        insert into huji.odd values (
            1, '{a,"b c"}', '{"k": 1}', 'froh', 'abc', '10.0.0.1', '1 day 2 hours', '\\x00ff',
            0.1, '2024-01-01 00:00:00+00', 12345678901234567890123456789012345678901234567890
        )
    """)
    kinds = ["list", "document", "feeling", "short", "network", "span", "bytes", "small", "huge"]
    system = make_system(
        POSTGRESQL,
        {"odd": ["id smallint key", *(f"{k} varchar" for k in kinds), "zoned timestamp"]},
    )
    house.locate(system, server.reader)

    assert house.extract(system).failures == ()
    assert house.landed(system, "odd") == [
        (
            1,
            '{a,"b c"}',
            '{"k": 1}',
            "froh",
            "abc",
            "10.0.0.1/32",
            "P1DT2H",
            "\\x00ff",
            "0.1",
            "12345678901234567890123456789012345678901234567890",
            datetime(2024, 1, 1, 8),
        )
    ]


def test_a_whole_number_is_a_truth_value_only_when_it_is_0_or_1(
    schema: str, server: Server, house: House
) -> None:
    server.execute("create table huji.flagged (id int, flag int)")
    server.execute("insert into huji.flagged values (1, 1), (2, 0), (3, 5)")
    system = make_system(POSTGRESQL, {"flagged": ["id integer key", "flag boolean"]})
    house.locate(system, server.reader)

    house.extract(system)

    assert house.landed(system, "flagged") == [(1, True), (2, False)]
    [bad] = house.quarantined(system, "flagged")
    assert (bad["raw_value"], bad["reason"]) == ("5", "not_boolean")


def test_extracting_twice_is_equal_and_writes_nothing_new(
    system: System, server: Server, house: House
) -> None:
    insert(
        server,
        "'r1', 'a', null, 1, 1, true, 1, null",
        "'r2', 'a', 'infinity', 1, 1, true, 1, null",
    )
    [first] = house.extract(system).receipts
    files = house.last(system, "resident").files
    stored = sorted(house.settings.landing.rglob("*.parquet"))

    [second] = house.extract(system).receipts

    assert (first.unchanged, second.unchanged) == (False, True)
    assert second.batch_id > first.batch_id
    assert house.last(system, "resident").files == files
    assert sorted(house.settings.landing.rglob("*.parquet")) == stored


def test_a_change_of_content_or_of_quarantine_makes_a_new_segment(
    system: System, server: Server, house: House
) -> None:
    insert(
        server,
        "'r1', 'a', null, 1, 1, true, 1, null",
        "'r2', 'a', 'infinity', 1, 1, true, 1, null",
    )
    house.extract(system)
    server.execute("update huji.resident set name = 'b' where id = 'r1'")
    assert not house.extract(system).receipts[0].unchanged
    server.execute("update huji.resident set born = '-infinity' where id = 'r2'")
    assert not house.extract(system).receipts[0].unchanged

    assert house.landed(system, "resident", "id", "name") == [("r1", "b")]
    assert house.quarantined(system, "resident")[0]["raw_value"] == "-infinity"


def test_an_empty_table_lands_as_an_empty_batch(system: System, house: House) -> None:
    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed) == (0, 0)
    assert house.landed(system, "resident") == []


def test_the_reader_writes_nothing_and_says_who_it_is(
    system: System, server: Server, house: House
) -> None:
    server.execute("drop table huji.resident")
    server.execute("""
        create or replace view huji.resident as
        select
            'r1' as id,
            concat(
                current_setting('application_name'), ' ',
                current_setting('default_transaction_read_only'), ' ',
                current_setting('transaction_read_only'), ' ',
                current_setting('statement_timeout'), ' ',
                current_setting('lock_timeout'), ' ',
                current_setting('idle_in_transaction_session_timeout')
            ) as name,
            null::date as born, null::numeric as income, null::int as visits,
            null::bool as active, null::float8 as ratio, null::timestamp as updated_at
    """)

    house.extract(system)

    assert house.landed(system, "resident", "name") == [("citybase on on 1h 10s 10min",)]


def refusal(house: House, system: System) -> tuple[str | None, str, str]:
    result = house.extract(system)
    assert result.receipts == ()
    [failure] = result.failures
    assert PASSWORD not in f"{failure.message} {failure.remedy}"
    return failure.table_code, failure.message, failure.remedy


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"password": "falsch-geraten"}, "refuses the user or the password", "Correct user and"),
        ({"dbname": "nowhere"}, 'cannot be reached: database "nowhere" does not', "Start its"),
        ({"host": "/nowhere"}, "cannot be reached", "Start its database"),
        ({"host": "127.0.0.1", "port": "1"}, "cannot be reached", "Start its database"),
    ],
)
def test_a_source_that_cannot_be_reached_is_named(
    system: System, server: Server, house: House, change: dict[str, str], message: str, remedy: str
) -> None:
    house.locate(system, make_conninfo(server.reader, **change))

    table, said, advised = refusal(house, system)

    assert table is None
    assert said.startswith("household_register (户籍管理系统) ")
    assert message in said
    assert remedy in advised
    assert "SOURCE_HOUSEHOLD_REGISTER" in advised
    assert "falsch-geraten" not in said + advised


def test_an_unset_or_unreadable_location_is_named_without_its_content(
    system: System, house: House
) -> None:
    house.locate(system, f"host=localhost {PASSWORD} = = '")
    assert "no libpq connection string in SOURCE_HOUSEHOLD_REGISTER" in refusal(house, system)[1]
    house.monkeypatch.delenv("SOURCE_HOUSEHOLD_REGISTER")
    assert "SOURCE_HOUSEHOLD_REGISTER is not set" in refusal(house, system)[1]


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ("drop table huji.resident", "does not exist in schema huji", "renamed"),
        ("revoke select on huji.resident from reader", "may not be read", "grant usage"),
        ("alter table huji.resident drop born", "lacks column born", "renamed"),
        (
            "alter table huji.resident rename born to geboren",
            "lacks column born",
            "It does have geboren",
        ),
        (
            "alter table huji.resident alter visits type text[] using null",
            "has column visits (visits, 列) as text[], which does not fit the registry's integer",
            "change `type:` of visits",
        ),
        (
            "alter table huji.resident alter born type timestamp",
            "as timestamp without time zone, which does not fit the registry's date",
            "change `type:` of born",
        ),
    ],
)
def test_a_changed_table_is_refused_with_table_column_and_remedy(
    system: System, server: Server, house: House, change: str, message: str, remedy: str
) -> None:
    server.execute(change)

    table, said, advised = refusal(house, system)

    assert table == "resident"
    assert said.startswith("household_register.resident (户籍管理系统, resident) ")
    assert message in said
    assert remedy in advised


def test_a_source_that_fails_while_it_is_read_lands_nothing(
    system: System, server: Server, house: House
) -> None:
    server.execute("drop table huji.resident")
    server.execute("""
        create view huji.resident as
        select
            i::text as id, 'a' as name, null::date as born, null::numeric as income,
            1 / (200000 - i) as visits, true as active, 1.0::float8 as ratio,
            null::timestamp as updated_at
        from generate_series(1, 300000) as i
    """)

    table, said, _ = refusal(house, system)

    assert table == "resident"
    assert "could not be read to its end" in said
    assert "division by zero" in said
    assert list(house.settings.landing.rglob("*.parquet")) == []


@pytest.mark.parametrize("relation", ["resident", "shown"])
def test_rows_that_a_policy_hides_are_refused_unless_the_registry_shares_a_part(
    schema: str, server: Server, house: House, relation: str
) -> None:
    server.execute("create table huji.resident (id text); insert into huji.resident values ('a')")
    server.execute("insert into huji.resident values ('b')")
    server.execute("create policy part on huji.resident for select to reader using (id = 'a')")
    server.execute("alter table huji.resident enable row level security")
    # The reader's own rights hold behind such a view, so that its policies do too.
    server.execute("create view huji.shown with (security_invoker) as select * from huji.resident")
    columns = {relation: ["id varchar key"]}
    system = make_system(POSTGRESQL, columns)
    house.locate(system, server.reader)

    table, said, advised = refusal(house, system)

    assert table == relation
    assert "has row security, which hides rows from this user" in said
    assert "bypassrls" in advised
    assert "`row_security: filter`" in advised
    shared = make_system({**POSTGRESQL, "row_security": "filter"}, columns)
    assert house.extract(shared).failures == ()
    assert house.landed(shared, relation) == [("a",)]
    server.execute("alter role reader bypassrls")
    assert house.extract(system).failures == ()
    server.execute("alter role reader nobypassrls")
    assert house.landed(system, relation) == [("a",), ("b",)]


def test_one_table_that_fails_does_not_stop_the_others(
    schema: str, server: Server, house: House
) -> None:
    server.execute("create table huji.good (id text); insert into huji.good values ('a')")
    server.execute("create table huji.last (id text); insert into huji.last values ('a')")
    system = make_system(
        POSTGRESQL,
        {"good": ["id varchar key"], "gone": ["id varchar key"], "last": ["id varchar key"]},
    )
    house.locate(system, server.reader)

    result = house.extract(system)

    assert [receipt.table_code for receipt in result.receipts] == ["good", "last"]
    assert [failure.table_code for failure in result.failures] == ["gone"]


def test_a_table_under_extraction_is_not_extracted_again(
    system: System, server: Server, house: House
) -> None:
    with table_lock(house.settings, system.system, "resident"):
        _, said, _ = refusal(house, system)
    assert "is held by extraction (process" in said
