"""A strange database goes from its URL to landed, reconciled data without a line of Python."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from citybase.errors import CitybaseError
from tests.integration.extraction.discover_house import Discovery, discovery
from tests.integration.extraction.extraction_house import PASSWORD, Server
from tests.mariadb_house import MARIADB_PASSWORD, Mariadb

__all__ = ["discovery"]
pytestmark = pytest.mark.integration

NUMBER = "371302199001010011"

POSTGRESQL = r"""
drop type if exists mood cascade;
create type mood as enum ('froh', '中');
drop domain if exists code3 cascade;
create domain code3 as varchar(3) check (value <> 'bad');
drop domain if exists amount cascade;
create domain amount as numeric(12, 2) not null;
drop domain if exists wage cascade;
create domain wage as amount check (value > 0);

create table huji."户籍人口" (
    id bigserial primary key,
    "姓名" text not null,
    "公民身份号码" char(18),
    "Order" int,
    "select" text,
    order_column text,
    "ResidentIDNo" varchar(10),
    "第七列" text,
    xm_bak text,
    feeling mood,
    short code3,
    pay wage default 1,
    wide numeric,
    exact numeric(20, 4),
    tiny numeric(3, 5),
    coarse numeric(4, -2),
    huge numeric(50, 2),
    born date,
    seen timestamptz,
    updated_at timestamp(3),
    clock time,
    span interval,
    flag boolean,
    flags bit(3),
    list int[],
    words text[],
    document json,
    binary_document jsonb,
    network inet,
    range int4range,
    unique_id uuid,
    bytes bytea,
    ratio float4,
    half float8,
    twice bigint generated always as (id * 2) stored,
    place point,
    cash money
);
comment on table huji."户籍人口" is E'户籍人口(常住)\n2020年起';
comment on column huji."户籍人口".xm_bak is '曾用姓名: # {旧} "引号"';
insert into huji."户籍人口" ("姓名", "公民身份号码", "Order", "select", order_column,
    "ResidentIDNo", "第七列", xm_bak, feeling, short, wide, exact, tiny, coarse, huge, born, seen,
    updated_at, clock, span, flag, flags, list, words, document, binary_document, network, range,
    unique_id, bytes, ratio, half, place, cash)
select '张䶮𠮷', '371302199001010011', -2147483648, '', ' ', 'a''b', E'a\tb\nc', '"', '中', 'abc',
    123456789012345678901234567890.5, -0.0001, 0.00123, 1200, 1e40, '0001-01-01',
    '2024-01-01 00:00:00+00', '9999-12-31 23:59:59.999', '23:59:59', '1 day 2 hours', true, b'101',
    '{1,null}', '{a,"b c"}', '{"k": 1}', '{"k": 1}', '10.0.0.1', '[1,5)',
    '123e4567-e89b-12d3-a456-426655440000', '\x00ff', 0.1, 1e308, '(1,2)', 12.5;
insert into huji."户籍人口" ("姓名") values ('空');
insert into huji."户籍人口" ("姓名", exact) values ('坏', 'NaN');
insert into huji."户籍人口" ("姓名", born) values ('坏', 'infinity'), ('坏', '0044-03-15 BC');
insert into huji."户籍人口" ("姓名", seen) values ('坏', '-infinity');
insert into huji."户籍人口" ("姓名", half) values ('坏', 'NaN');
insert into huji."户籍人口" ("姓名", wide) values ('好', 'NaN');

create table huji.visit (visit_id int not null, day date not null, note text,
    primary key (visit_id, day)) partition by range (day);
create table huji.visit_2023 partition of huji.visit
    for values from ('2023-01-01') to ('2024-01-01');
create table huji.visit_rest partition of huji.visit default;
insert into huji.visit select i, date '2023-01-01' + i, 'n' from generate_series(1, 700) as i;

create table huji.coded (name text, code varchar(9) not null unique, a int not null,
    b int not null, unique (a, b));
insert into huji.coded values ('甲', 'x', 1, 1), ('乙', 'y', 1, 2);
create table huji.keyless (a int, b text unique);
insert into huji.keyless values (1, null), (1, null);
create table huji.half_keyed (a int not null, b text not null);
create unique index on huji.half_keyed (a) where b = 'x';
create unique index on huji.half_keyed (lower(b));
create table huji.child (extra int) inherits (huji.coded);
create table huji.closed (id int primary key);
revoke select on huji.closed from reader;
create table huji.empty (id int primary key);
create view huji.shown as select 1 as one;
create materialized view huji.kept as select 1 as one;
"""


def reader_url(server: Server) -> str:
    parts = conninfo_to_dict(server.reader)
    host = quote(str(parts["host"]), safe="")
    return f"postgresql://reader:{quote(PASSWORD)}@/{parts['dbname']}?host={host}"


def test_a_nasty_postgresql_lands_and_reconciles(
    server: Server, schema: str, discovery: Discovery
) -> None:
    discovery.secret = PASSWORD
    server.execute(POSTGRESQL)

    system = discovery.draft(reader_url(server), "--schema=huji", "--sample")

    text = (discovery.folder / "strange_office" / "strange.yml").read_text(encoding="utf-8")
    assert "# keyless is left out: it has no primary key and no unique index" in text
    assert "# half_keyed is left out: it has no primary key" in text
    assert "# child is left out: its rows are read with those of coded" in text
    assert "# closed is left out: this user may not read it: grant select on huji.closed." in text
    assert "\n#   - table: keyless\n" in text
    assert "# shown is left out: it is a view: only a person knows which columns" in text
    assert "# kept is left out: it is a materialised view: only a person knows" in text
    assert "visit_2023" not in text
    assert "# 700 rows in 2 partitions" in text
    assert "# later: log, or cursor by updated_at" in text

    assert [(table.table, table.keys) for table in system.tables] == [
        ("coded", ["code"]),
        ("empty", ["id"]),
        ("visit", ["visit_id", "day"]),
        ("table_10", ["id"]),
    ]
    people = system.table("table_10")
    assert (people.source_name, people.name, people.mode) == ("户籍人口", "户籍人口", "full")
    assert [column.column for column in people.columns][:9] == [
        "id", "name", "id_number", "order_column", "select_column", "order_column_2",
        "resident_id_no", "column_8", "xm_bak",
    ]  # fmt: skip
    assert {column.column: column.type for column in people.columns}.items() >= {
        "id": "bigint", "pay": "decimal(12,2)", "wide": "varchar", "exact": "decimal(20,4)",
        "tiny": "decimal(5,5)", "coarse": "decimal(6,0)", "huge": "varchar", "born": "date",
        "seen": "timestamp", "flag": "boolean", "flags": "varchar", "ratio": "double",
        "feeling": "varchar", "short": "varchar", "twice": "bigint", "list": "varchar",
    }.items()  # fmt: skip
    assert not people.column("name").nullable
    assert not people.column("pay").nullable
    assert people.column("id_number").sensitivity == "identifying"
    assert people.column("xm_bak").name == "曾用姓名"

    assert discovery.landed_counts(system) == {
        "coded": (2, 2, 0),
        "empty": (0, 0, 0),
        "visit": (700, 700, 0),
        "table_10": (8, 3, 5),
    }
    bad = discovery.house.quarantined(system, "table_10")
    assert [(row["column_code"], row["raw_value"]) for row in bad] == [
        ("exact", "NaN"),
        ("born", "infinity"),
        ("born", "0044-03-15 BC"),
        ("seen", "-infinity"),
        ("half", "nan"),
    ]
    with psycopg.connect(server.admin) as connection:
        connection.execute("set intervalstyle = 'iso_8601'")
        for code, where in {
            "visit": "true",
            "coded": "true",
            "table_10": "id in (1, 2, 8)",
        }.items():
            table = system.table(code)
            names = ", ".join(
                f'"{c.source_name}"' + ("::text" if c.type in {"varchar", "double"} else "")
                for c in table.columns
            )
            there = connection.execute(
                f'select {names} from huji."{table.source_name}" where {where}'  # type: ignore
            ).fetchall()
            assert comparable(discovery.landed(system, code)) == comparable(there)


def comparable(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    """Rows as text, in any order. Times with a zone are the city's."""
    return sorted(tuple(_text(value) for value in row) for row in rows)


def _text(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = (value.replace(tzinfo=None) - (value.utcoffset() or timedelta())) + timedelta(
            hours=8
        )
    if isinstance(value, float):
        return repr(value)
    try:
        return repr(float(value)) if isinstance(value, str) and "e+" in value else str(value)
    except ValueError:
        return str(value)


MARIADB = [
    """
    create table `户籍人口` (
        `编号` bigint unsigned auto_increment primary key comment '人员编号',
        xm varchar(50) comment '姓名',
        sfzh char(18) comment '身份证号码(18位,末位X大写)',
        `order` int,
        gbk_text varchar(50) character set gbk,
        latin_text varchar(50) character set latin1,
        flag tinyint(1), switch bit(1), bits bit(64), year_of year,
        filled int(6) zerofill, price decimal(40, 10), exact decimal(20, 4),
        feeling enum('a', '中'), many set('a', 'b'), document json,
        born date, gxsj datetime(3), stamp timestamp null, clock time,
        bytes varbinary(8), picture longblob, ratio float, half double,
        total int generated always as (`order` + 1) virtual, place point,
        unique_id uuid, network inet6, counted mediumint unsigned
    ) comment '户籍人口表' default charset utf8mb4
    """,
    """
    insert into `户籍人口` values (18446744073709551615, '张䶮𠮷', '371302199001010011', 1, '中文',
        'plain', 5, b'1', x'ffffffffffffffff', 1999, 42, 1e29, -0.0001, '中', 'a,b', '{"k": 1}',
        '1968-07-12', '2024-01-02 03:04:05.678', '2024-01-01 00:00:00', '-838:59:59', x'00ff',
        x'ff00', 0.1, 1e308, default, point(1, 2), '123e4567-e89b-12d3-a456-426655440000', '::1',
        16777215)
    """,
    "insert into `户籍人口` (`编号`, xm) values (1, 'a\\0b')",
    "insert into `户籍人口` (`编号`, born) values (2, '0000-00-00')",
    "insert into `户籍人口` (`编号`, gxsj) values (3, '2024-00-01')",
    "insert into `户籍人口` (`编号`, latin_text) values (4, convert(x'D6D0CEC4' using latin1))",
    "create table coded (code varchar(9) not null unique, other int unique)",
    "insert into coded values ('x', null), ('y', null)",
    "create table keyless (a int, b varchar(300) not null, unique (b(10)))",
    "create table visit (id int, day date, primary key (id, day)) "
    "partition by hash (id) partitions 4",
    "insert into visit select seq, '2024-01-01' from seq_1_to_500",
    "create view shown as select 1 as one",
]


def test_a_nasty_mariadb_lands_and_reconciles(mariadb: Mariadb, discovery: Discovery) -> None:
    discovery.secret = quote(MARIADB_PASSWORD, safe="")
    mariadb.execute("set time_zone = '+00:00'", *MARIADB)

    system = discovery.draft(mariadb.reader, "--sample")

    text = (discovery.folder / "strange_office" / "strange.yml").read_text(encoding="utf-8")
    assert "# keyless is left out: it has no primary key and no unique index" in text
    assert "# shown is left out: it is a view: only a person knows which columns" in text
    assert "# 500 rows in 4 partitions" in text
    assert "# later: log, or cursor by gxsj" in text
    assert "declared latin1: latin_text" in text
    assert "looks like latin1_holds: gbk" in text
    assert [(table.table, table.keys) for table in system.tables] == [
        ("coded", ["code"]),
        ("visit", ["id", "day"]),
        ("table_5", ["column_1"]),
    ]
    people = system.table("table_5")
    assert people.name == "户籍人口表"
    assert {column.column: column.type for column in people.columns} == {
        "column_1": "decimal(20,0)", "name": "varchar", "id_number": "varchar",
        "order_column": "integer", "gbk_text": "varchar", "latin_text": "varchar",
        "flag": "smallint", "switch": "boolean", "bits": "decimal(20,0)", "year_of": "smallint",
        "filled": "varchar", "price": "varchar", "exact": "decimal(20,4)", "feeling": "varchar",
        "many": "varchar", "document": "varchar", "born": "date", "updated_at": "timestamp",
        "stamp": "timestamp", "clock": "varchar", "bytes": "varchar", "picture": "varchar",
        "ratio": "double", "half": "double", "total": "integer", "place": "varchar",
        "unique_id": "varchar", "network": "varchar", "counted": "integer",
    }  # fmt: skip
    assert people.column("name").sensitivity == "identifying"

    assert discovery.landed_counts(system) == {
        "coded": (2, 2, 0),
        "visit": (500, 500, 0),
        "table_5": (5, 2, 3),
    }
    bad = discovery.house.quarantined(system, "table_5")
    assert [(row["column_code"], row["reason"]) for row in bad] == [
        ("born", "not_date"),
        ("updated_at", "not_timestamp"),
        ("latin_text", "undecodable_bytes"),
    ]
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("set time_zone = '+08:00'")
        cursor.execute("select id, day from visit")
        assert comparable(discovery.landed(system, "visit")) == comparable(list(cursor.fetchall()))
        cursor.execute(
            "select `编号`, xm, sfzh, `order`, gbk_text, latin_text, flag, switch = b'1', "
            "bits + 0, year_of + 0, cast(filled as char), cast(price as char), exact, feeling, "
            "many, document, born, gxsj, stamp, cast(clock as char), hex(bytes), hex(picture), "
            "ratio, half, total, st_astext(place), unique_id, network, counted "
            "from `户籍人口` where `编号` not in (2, 3, 4)"
        )
        there = [tuple(row) for row in cursor.fetchall()]
    here = discovery.landed(system, "table_5")
    assert comparable([row[:7] + row[8:22] + row[23:] for row in here]) == comparable(
        [row[:7] + row[8:22] + row[23:] for row in there]
    )
    assert [(row[7], row[22]) for row in here] == [(None, None), (True, 0.10000000149011612)]


SQLITE = """
create table "户籍 人口" (
    id integer primary key, "姓名" text, sfzh, born date, gxsj datetime, amount decimal(10, 2),
    number int, ratio real, flag boolean, bytes blob, "group" varchar(5),
    twice integer generated always as (number - 2) virtual
);
insert into "户籍 人口" (id, "姓名", sfzh, born, gxsj, amount, number, ratio, flag, bytes, "group")
values
    (1, '张䶮𠮷', '371302199001010011', '1990-01-01', '2024-01-02 03:04:05', 12.5,
     9223372036854775807, 0.1, 1, x'00ff', 'a'),
    (2, null, null, null, null, null, null, null, null, null, null),
    (3, 'x', 1, '不详', null, null, null, null, null, null, null),
    (4, 'x', 1, null, null, null, 'many', null, null, null, null),
    (5, cast(x'd6d0' as text), 1, null, null, null, null, null, null, null, null);
create table pair (a text not null, b int not null, c text, primary key (a, b)) without rowid;
insert into pair values ('x', 1, ''), ('x', 2, null);
create table named (code text not null unique, other text unique);
insert into named values ('a', null);
create table keyless (a, b);
insert into keyless values (1, 2);
create view shown as select 1 as one;
create virtual table searched using fts5(body);
"""


def test_a_nasty_sqlite_lands_and_reconciles(tmp_path: Path, discovery: Discovery) -> None:
    path = tmp_path / "strange.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQLITE)

    sampled = discovery.draft(str(path), "--sample", system="sampled")
    system = discovery.draft(str(path))

    text = (discovery.folder / "strange_office" / "strange.yml").read_text(encoding="utf-8")
    assert "# keyless is left out: it has no primary key and no unique index" in text
    assert "# shown is left out: it is a view: only a person knows which columns" in text
    assert "# searched is passed over: it is a virtual table." in text
    assert "# 5 rows" in text
    assert [(table.table, table.keys) for table in system.tables] == [
        ("named", ["code"]),
        ("pair", ["a", "b"]),
        ("table_5", ["id"]),
    ]
    assert {column.column: column.type for column in system.table("table_5").columns} == {
        "id": "bigint", "name": "varchar", "id_number": "varchar", "born": "date",
        "updated_at": "timestamp", "amount": "decimal(10,2)", "number": "bigint",
        "ratio": "double", "flag": "boolean", "bytes": "varchar", "group_column": "varchar",
        "twice": "bigint",
    }  # fmt: skip
    assert sampled.table("table_5").column("born").type == "varchar"
    assert sampled.table("table_5").column("ratio").type == "double"
    assert discovery.landed_counts(sampled)["table_5"] == (5, 4, 1)
    assert discovery.landed_counts(system) == {
        "named": (1, 1, 0),
        "pair": (2, 2, 0),
        "table_5": (5, 2, 3),
    }
    assert [row["column_code"] for row in discovery.house.quarantined(system, "table_5")] == [
        "born",
        "number",
        "name",
    ]
    with closing(sqlite3.connect(path)) as connection:
        there = connection.execute(
            'select id, "姓名", sfzh, born, gxsj, amount, number, ratio, '
            "case flag when 1 then 'True' end, hex(bytes), \"group\", twice "
            'from "户籍 人口" where id < 3'
        ).fetchall()
    here = discovery.landed(system, "table_5")
    assert [tuple(map(_plain, row)) for row in here] == [tuple(map(_plain, row)) for row in there]


def _plain(value: object) -> str:
    return "" if value is None else str(float(value)) if str(value) == "12.50" else str(value)


def test_what_only_a_person_knows_is_refused_with_its_question(
    server: Server, schema: str, discovery: Discovery
) -> None:
    discovery.secret = PASSWORD
    server.execute("create table huji.t (id int primary key)")
    discovery.house.monkeypatch.setenv("CITYBASE_SOURCE_NEW_ONE", reader_url(server))

    done = discovery.run("source", "discover", "CITYBASE_SOURCE_NEW_ONE", "--schema", "huji")

    assert done.exit_code == 0
    assert "location_env: CITYBASE_SOURCE_NEW_ONE" in done.stdout
    assert "citybase extract new_one" in done.stderr
    path = discovery.folder / "some_office" / "new_one.yml"
    path.parent.mkdir()
    path.write_text(done.stdout, encoding="utf-8")
    refused = discovery.run("source", "check").exception
    assert isinstance(refused, CitybaseError)
    assert refused.message.endswith("new_one.yml:4 leaves `name` undecided.")
    assert refused.remedy == "Write in its place: what people call the system."
    # Another draft can still be made, and takes no file's place.
    again = discovery.run(
        "source", "discover", "CITYBASE_SOURCE_NEW_ONE", "--schema=huji", f"--output={path}"
    )
    assert isinstance(again.exception, CitybaseError)
    assert "exists" in again.exception.message


def test_a_known_department_needs_no_name(
    server: Server, schema: str, discovery: Discovery
) -> None:
    server.execute("create table huji.t (id int primary key)")
    discovery.draft(reader_url(server), "--schema=huji")

    done = discovery.run(
        "source", "discover", "-", "--schema=huji", "--department=strange_office", "--json",
        stdin=reader_url(server) + "\n",
    )  # fmt: skip

    assert '"name": "陌生局"' in done.stdout
    assert '"uscc": "11371300004321004C"' in done.stdout


@pytest.mark.parametrize(
    ("url", "words", "said"),
    [
        ("oracle://u:sesam-oeffne-dich@h/d", (), "No connector reads this URL"),
        ("postgresql://u:sesam-oeffne-dich@127.0.0.1:1/d", (), "cannot be opened"),
        ("mysql://u:sesam-oeffne-dich@127.0.0.1:1/d", (), "cannot be opened"),
        ("mysql://u:sesam-oeffne-dich@127.0.0.1:x/d", (), "is no URL like"),
        ("postgresql://u:sesam-oeffne-dich@[", (), "is no PostgreSQL URL"),
        ("sqlite:///nowhere.db", (), "cannot be opened"),
        ("CITYBASE_SOURCE_UNSET", (), "is not set"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_without_its_password(
    discovery: Discovery, url: str, words: tuple[str, ...], said: str
) -> None:
    discovery.secret = PASSWORD
    refused = discovery.run("source", "discover", url, *words).exception
    assert isinstance(refused, CitybaseError)
    assert said in refused.message
    assert refused.remedy


def test_of_several_schemas_one_has_to_be_chosen(
    server: Server, schema: str, discovery: Discovery
) -> None:
    server.execute("drop schema if exists second cascade; create schema second")
    server.execute("create table second.t (id int primary key)")
    server.execute("grant usage on schema second to reader; grant select on second.t to reader")
    server.execute("create table huji.t (id int primary key)")

    refused = discovery.run("source", "discover", reader_url(server)).exception

    server.execute("drop schema second cascade")
    assert isinstance(refused, CitybaseError)
    assert "several schemas" in refused.message
    assert "huji (1 of 1 tables and views readable), second (1 of 1 " in refused.remedy
