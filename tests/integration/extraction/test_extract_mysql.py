"""MySQL and MariaDB: what fits lands exactly, the rest is quarantined, faults have one voice."""

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

import pytest

from sources.contract import System
from tests.integration.extraction.extraction_house import House, make_system
from tests.mariadb_house import MARIADB_PASSWORD, Mariadb

pytestmark = pytest.mark.integration

MYSQL = {"technology": "mysql"}
CREATE = """
    create table person (
        id varchar(10) primary key,
        name varchar(50) character set utf8mb4,
        old_name varchar(50) character set gbk,
        note varchar(50) character set latin1,
        born date,
        updated_at datetime(6),
        income decimal(40, 10),
        flag tinyint(1),
        amount bigint unsigned
    )
"""
COLUMNS = [
    "id varchar key",
    "name varchar",
    "old_name varchar",
    "note varchar",
    "born date",
    "updated_at timestamp",
    "income decimal(18,2)",
    "flag smallint",
    "amount decimal(20,0)",
]
GBK = "convert(x'D6D0CEC4' using latin1)"


@pytest.fixture
def system(mariadb: Mariadb, house: House) -> System:
    mariadb.execute(CREATE)
    made = make_system(MYSQL, {"person": COLUMNS})
    house.locate(made, mariadb.reader)
    return made


def insert(mariadb: Mariadb, *rows: str) -> None:
    names = ", ".join(column.split()[0] for column in COLUMNS)
    mariadb.execute(*(f"insert into person ({names}) values ({row})" for row in rows))


def test_good_rows_land_exactly(system: System, mariadb: Mariadb, house: House) -> None:
    insert(
        mariadb,
        "'r1', '张䶮𠮷', '中文', 'plain', '1968-07-12', '2024-01-02 03:04:05.6', "
        "1234567890123456.78, 5, 18446744073709551615",
        # PyMySQL doubles no backslash: the server reads \\0 as the character NUL.
        "'r2', 'a\\0b', '', '', null, null, null, null, null",
    )

    result = house.extract(system)

    assert result.failures == ()
    [receipt] = result.receipts
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (2, 2, 0)
    assert house.landed(system, "person") == [
        (
            "r1",
            "张䶮𠮷",
            "中文",
            "plain",
            date(1968, 7, 12),
            datetime(2024, 1, 2, 3, 4, 5, 600000),
            Decimal("1234567890123456.78"),
            5,
            Decimal(18446744073709551615),
        ),
        ("r2", "a\0b", "", "", None, None, None, None, None),
    ]


def test_bad_rows_are_quarantined_with_value_column_reason_and_key(
    system: System, mariadb: Mariadb, house: House
) -> None:
    insert(
        mariadb,
        "'ok', 'a', 'a', 'a', '2024-01-01', '2024-01-01', 1, 1, 1",
        "'b1', 'a', 'a', 'a', '0000-00-00', null, 1, 1, 1",
        "'b2', 'a', 'a', 'a', '2024-00-01', null, 1, 1, 1",
        "'b3', 'a', 'a', 'a', null, '0000-00-00', 1, 1, 1",
        "'b4', 'a', 'a', 'a', null, null, 1.005, 1, 1",
        f"'b5', 'a', 'a', {GBK}, null, null, 1, 1, 1",
        f"'b6', 'a\\0b', 'a', {GBK}, '0000-00-00', null, 1, 1, 1",
    )

    [receipt] = house.extract(system).receipts

    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (7, 1, 6)
    found = house.quarantined(system, "person")
    assert [(q["row_key"], q["column_code"], q["raw_value"], q["reason"]) for q in found] == [
        ('{"id":"b1"}', "born", "0000-00-00", "not_date"),
        ('{"id":"b2"}', "born", "2024-00-01", "not_date"),
        ('{"id":"b3"}', "updated_at", "0000-00-00 00:00:00.000000", "not_timestamp"),
        ('{"id":"b4"}', "income", "1.0050000000", "not_decimal(18,2)"),
        ('{"id":"b5"}', "note", "\\xD6\\xD0\\xCE\\xC4", "undecodable_bytes"),
        ('{"id":"b6"}', "born", "0000-00-00", "not_date"),
        ('{"id":"b6"}', "note", "\\xD6\\xD0\\xCE\\xC4", "undecodable_bytes"),
    ]
    assert house.landed(system, "person", "id") == [("ok",)]


def test_latin1_columns_give_what_applications_wrote_into_them(
    mariadb: Mariadb, house: House
) -> None:
    mariadb.execute(
        "create table t (id int primary key, note varchar(50) character set latin1)",
        f"insert into t values (1, {GBK})",
        "insert into t values (2, convert(x'D6D0CEC4FF' using latin1))",
        "insert into t values (3, convert(cast('中文' as binary) using latin1))",
        "insert into t values (4, 'plain')",
    )
    landed = {}
    for holds in ("gbk", "utf8mb4", "latin1"):
        system = make_system(
            {**MYSQL, "latin1_holds": holds}, {"t": ["id integer key", "note varchar"]}
        )
        house.locate(system, mariadb.reader)
        [receipt] = house.extract(system).receipts
        assert receipt.rows_read == receipt.rows_landed + receipt.rows_quarantined == 4
        landed[holds] = house.landed(system, "t")
        assert {q["reason"] for q in house.quarantined(system, "t")} <= {"undecodable_bytes"}

    assert landed == {
        "gbk": [(1, "中文"), (4, "plain")],
        "utf8mb4": [(3, "中文"), (4, "plain")],
        "latin1": [
            (1, "ÖÐÎÄ"),
            (2, "ÖÐÎÄÿ"),
            (3, "中文".encode().decode("cp1252", errors="replace").replace("\ufffd", "\xad")),
            (4, "plain"),
        ],
    }


def test_every_type_arrives_as_the_servers_own_text_or_number(
    mariadb: Mariadb, house: House
) -> None:
    mariadb.execute(
        """
        create table odd (
            id smallint unsigned primary key, feeling enum('froh', '中'), many set('a', 'b'),
            document json, year_of year, on_off bit(1), bits bit(12), bytes varbinary(4),
            picture longblob, clock time(2), filled int(6) zerofill, ratio float, exact double,
            stamp timestamp null, zero_stamp timestamp not null, sum_of int generated always as
            (filled + 1) stored, place point, `we``ird "name"` int, unique_id uuid, network inet6
        ) default charset utf8mb4
        """,
        "set time_zone = '+00:00'",
        """
        insert into odd (id, feeling, many, document, year_of, on_off, bits, bytes, picture, clock,
            filled, ratio, exact, stamp, zero_stamp, place, `we``ird "name"`, unique_id, network)
        values (65535, '中', 'a,b', '{"k": 1}', 1999, b'1', b'100000000001', x'00ff', x'ff00',
            '-838:59:59', 42, 0.1, 0.1, '2024-01-01 00:00:00', '0000-00-00', point(1, 2), 7,
            '123e4567-e89b-12d3-a456-426655440000', '::1')
        """,
    )
    system = make_system(
        MYSQL,
        {
            "odd": [
                "id integer key",
                *(f"{name} varchar" for name in ("feeling", "many", "document", "bits")),
                "year_of smallint",
                "on_off boolean",
                *(f"{name} varchar" for name in ("bytes", "picture", "clock", "filled")),
                "ratio double",
                "exact double",
                "stamp timestamp",
                "zero_stamp varchar",
                "sum_of bigint",
                *(f"{name} varchar" for name in ("place", "unique_id", "network")),
            ]
        },
    )
    house.locate(system, mariadb.reader)

    assert house.extract(system).failures == ()
    assert house.landed(system, "odd") == [
        (
            65535, "中", "a,b", '{"k": 1}', "2049", 1999, True, "00FF", "FF00", "-838:59:59.00",
            "000042", 0.10000000149011612, 0.1, datetime(2024, 1, 1, 8), "0000-00-00 00:00:00", 43,
            "POINT(1 2)", "123e4567-e89b-12d3-a456-426655440000", "::1",
        )
    ]  # fmt: skip


def refusal(house: House, system: System) -> tuple[str, str]:
    result = house.extract(system)
    assert result.receipts == ()
    [failure] = result.failures
    assert MARIADB_PASSWORD not in f"{failure.message} {failure.remedy}"
    assert quote(MARIADB_PASSWORD, safe="") not in f"{failure.message} {failure.remedy}"
    return failure.message, failure.remedy


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("reader:", "nobody:", "refuses the user or the password"),
        ("/test_", "/nowhere_", "refuses the user or the password"),
        ("%2Fs", "%2Fnowhere", "cannot be reached"),
        ("mysql://", "https://", "cannot be located: SOURCE_HOUSEHOLD_REGISTER is no URL like"),
        ("?unix", "?autocommit=1&unix", "has options other than"),
    ],
)
def test_a_source_that_cannot_be_reached_is_named(
    system: System, mariadb: Mariadb, house: House, old: str, new: str, message: str
) -> None:
    house.locate(system, mariadb.reader.replace(old, new))

    said, advised = refusal(house, system)

    assert said.startswith("household_register (户籍管理系统) ")
    assert message in said
    assert advised


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("drop table person", "does not exist in database"),
        ("alter table person drop born", "lacks column born"),
        ("alter table person modify flag date", "which does not fit the registry's smallint"),
    ],
)
def test_a_changed_table_is_refused(
    system: System, mariadb: Mariadb, house: House, change: str, message: str
) -> None:
    mariadb.execute(change)
    assert message in refusal(house, system)[0]


def test_a_source_that_fails_while_it_is_read_lands_nothing(
    system: System, mariadb: Mariadb, house: House
) -> None:
    mariadb.execute(
        "drop table person",
        f"grant execute on {mariadb.database}.* to reader@localhost",
        "create function boom(i int) returns int no sql begin if i = 150000 then signal sqlstate "
        "'45000' set message_text = 'boom at 371302199001011234'; end if; return i; end",
        """
        create view person as
        select
            cast(seq as char) as id, 'a' as name, 'a' as old_name, 'a' as note,
            cast(null as date) as born, cast(null as datetime) as updated_at, 1 as income,
            boom(seq) as flag, 1 as amount
        from seq_1_to_200000
        """,
    )

    said, _ = refusal(house, system)

    assert "could not be read to its end: " in said
    assert "371302199001011234" not in said
    assert list(house.settings.landing.rglob("*.parquet")) == []


def test_the_reader_bounds_its_own_time(system: System, mariadb: Mariadb, house: House) -> None:
    mariadb.execute(
        "drop table person",
        f"grant execute on {mariadb.database}.* to reader@localhost",
        "create function bounds() returns varchar(50) no sql "
        "return concat(@@max_statement_time, ' ', @@lock_wait_timeout)",
        """
        create view person as
        select
            'r1' as id, bounds() as name,
            'a' as old_name, 'a' as note, cast(null as date) as born,
            cast(null as datetime) as updated_at, 1 as income, 1 as flag, 1 as amount
        """,
    )
    house.extract(system)
    assert house.landed(system, "person", "name") == [("3600.000000 10",)]
