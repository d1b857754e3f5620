"""Every value comes out of the stream as the full load reads it: no text differs, none is lost."""

from typing import Any

import pytest

from sources.contract import Table
from tests.integration.binlog.binlog_house import Source, changes
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.integration

# Column, its type in MariaDB, its type in the registry, and values as SQL.
MATRIX = [
    ("whole_tiny", "tinyint(1)", "smallint", "5, -128, 127, 0, null"),
    ("flag", "tinyint(1)", "boolean", "1, 0, 5"),
    ("whole_small", "smallint unsigned", "integer", "65535, 0"),
    ("whole_medium", "mediumint", "integer", "-8388608, 8388607, -1"),
    ("medium_unsigned", "mediumint unsigned", "integer", "16777215"),
    ("whole_int", "int unsigned", "bigint", "4294967295"),
    ("whole_big", "bigint unsigned", "decimal(20,0)", "18446744073709551615, 9223372036854775808"),
    ("big_signed", "bigint", "bigint", "-9223372036854775808"),
    ("filled", "int(6) zerofill", "varchar", "42, 1234567"),
    ("filled_number", "int(6) zerofill", "bigint", "42"),
    ("filled_decimal", "decimal(8,2) zerofill", "varchar", "1.5"),
    (
        "money", "decimal(12,2)", "decimal(12,2)",
        "0, 0.5, -0.5, -0.01, 1234567890.12, -9999999999.99, 100",
    ),
    (
        "long_decimal", "decimal(65,30)", "varchar",
        "12345678901234567890123456789012345.123456789012345678901234567890, "
        "-0.000000000000000000000000000001, 1",
    ),
    ("whole_decimal", "decimal(20,0)", "decimal(20,0)", "0, -12345678901234567890"),
    ("only_fraction", "decimal(9,9)", "varchar", "0.123456789, -0.000000001, 0"),
    ("ratio", "float", "double", "0.1, -1e30, 3.4e38, 0, 16777216"),
    ("exact", "double", "double", "0.1, 1e308, -2.2250738585072014e-308, 123456.789"),
    (
        "double_text", "double", "varchar",
        "0.1, 1e14, 1e15, 1e16, 123456789012345678, 1e-5, 1e-14, 1e-15, 1.5e-16, 1e100, 1e-100, "
        "9.999999e5, 12345.678, -0.0, 0, 1e22, 999999999999999.9, 5e-324",
    ),
    ("float_text", "float", "varchar", "0.1, 1e10, 1e20"),
    ("born", "date", "date", "'0000-00-00', '2024-00-10', '2024-12-00', '9999-12-31'"),
    (
        "seen", "datetime", "timestamp",
        "'0000-00-00', '2024-00-10 11:12:13', '9999-12-31 23:59:59', '1899-12-31 00:00:01'",
    ),
    ("seen_1", "datetime(1)", "varchar", "'2024-01-02 03:04:05.6', '0000-00-00'"),
    ("seen_3", "datetime(3)", "varchar", "'2024-01-02 03:04:05.067'"),
    ("seen_6", "datetime(6)", "varchar", "'2024-01-02 03:04:05.000007', '2024-02-30'"),
    (
        "stamp", "timestamp null", "timestamp",
        "'2024-01-01 00:00:00', '1970-01-01 00:00:01', '2038-01-19 03:14:07', "
        "'1988-06-01 12:00:00', '0000-00-00'",
    ),
    ("stamp_3", "timestamp(3) null", "varchar", "'2024-01-01 00:00:00.012', '0000-00-00'"),
    (
        "clock", "time", "varchar",
        "'-838:59:59', '838:59:59', '00:00:00', '-00:00:01', '12:34:56'",
    ),
    ("clock_1", "time(1)", "varchar", "'-00:00:00.1', '-01:00:00.9', '01:02:03.4'"),
    ("clock_6", "time(6)", "varchar", "'-00:00:00.000001', '-838:59:58.999999', '1:2:3.000100'"),
    ("year_of", "year", "smallint", "1999, 0, 1901, 2155"),
    ("on_off", "bit(1)", "boolean", "b'1', b'0'"),
    ("bits", "bit(12)", "varchar", "b'100000000001', 0"),
    ("many_bits", "bit(64)", "varchar", "18446744073709551615"),
    ("feeling", "enum('froh', '中')", "varchar", "'中', 'froh', 'nicht da'"),
    ("feeling_gbk", "enum('froh', '中') character set gbk", "varchar", "'中'"),
    ("choices", "set('a', 'b', '中')", "varchar", "'a,中', '', 'b', 'c'"),
    ("choices_gbk", "set('a', '中') character set gbk", "varchar", "'a,中'"),
    ("name", "varchar(50)", "varchar", "'张䶮𠮷', '', ' a ', 'a\\0b', '\\'\\\"\\\\'"),
    ("fixed", "char(10)", "varchar", "'中', 'a  ', '  a', ''"),
    ("fixed_wide", "char(200)", "varchar", "repeat('中', 200), 'a'"),
    ("three", "varchar(9) character set utf8mb3", "varchar", "'中文'"),
    ("plain", "varchar(20) character set ascii", "varchar", "'abc'"),
    ("latin", "varchar(20) character set latin1", "varchar", "'a', convert(x'D6D0' using latin1)"),
    ("gbk", "varchar(20) character set gbk", "varchar", "'中文', 'a', '〇', '·—～'"),
    ("gb2312", "varchar(20) character set gb2312", "varchar", "'中文', '·'"),
    ("utf16", "varchar(20) character set utf16", "varchar", "'中𠮷'"),
    ("utf16le", "varchar(20) character set utf16le", "varchar", "'中𠮷'"),
    ("utf32", "varchar(20) character set utf32", "varchar", "'中𠮷'"),
    ("ucs2", "varchar(20) character set ucs2", "varchar", "'中'"),
    ("long_text", "mediumtext", "varchar", "repeat('长', 30000), ''"),
    ("tiny_text", "tinytext", "varchar", "'x'"),
    ("document", "json", "varchar", "'{\"k\": 1.50, \"中\": [true, null]}'"),
    ("padded", "binary(4)", "varchar", "x'ff', x'ff000000', x'00000000', x''"),
    ("bytes", "varbinary(300)", "varchar", "x'00ff00', x''"),
    ("picture", "longblob", "varchar", "x'ff00', repeat(x'00', 70000)"),
    (
        "unique_id", "uuid", "varchar",
        "'123e4567-e89b-12d3-a456-426655440000', '018f0b0e-7c3e-7abc-8def-0123456789ab', "
        "'c6f1b2d0-1111-4222-9333-444455556666', '00000000-0000-0000-0000-000000000000'",
    ),
    (
        "network", "inet6", "varchar",
        "'::1', '2001:db8::ff00:42:8329', '::ffff:192.0.2.1', '::', '::192.0.2.1', "
        "'1:0:0:2:0:0:0:3', '1:0:2:3:4:5:6:7', 'fe80::', '::ffff:0:0', '0:0:0:0:0:1:2:3'",
    ),
    ("network_4", "inet4", "varchar", "'192.0.2.1', '0.0.0.0'"),
]  # fmt: skip
TYPES = {name: kind for name, kind, *_ in MATRIX}


def values_of(listed: str) -> list[str]:
    """The SQL values of a line, split at commas outside of quotes and brackets."""
    found, depth, quoted, current = [], 0, False, ""
    for place, letter in enumerate(listed):
        if letter == "'" and listed[place - 1] != "\\":
            quoted = not quoted
        depth += (letter == "(") - (letter == ")") if not quoted else 0
        if letter == "," and not quoted and depth == 0:
            found.append(current.strip())
            current = ""
        else:
            current += letter
    return [*found, current.strip()]


def compared(
    source: Source, table: Table, connection: dict[str, str], position: str
) -> list[tuple[object, ...]]:
    """The rows of which the stream says something else than the full load."""
    system = make_system({"technology": "mysql", **connection}, {"x": ["id integer key"]})
    system = system.model_copy(update={"tables": [table]})
    batches = source.drained(source.follow(system, position=position))
    assert [fact for batch in batches for fact in batch.facts] == []
    streamed = {row["id"]: row for row in changes(batches, table.table)}
    loaded = {row["id"]: row for row in source.loaded(system, table)}
    assert streamed.keys() == loaded.keys()
    wrong = []
    for key, expected in loaded.items():
        for name, value in expected.items():
            got = streamed[key].get(name)
            if got != value and not _same_number(table, name, got, value):
                wrong.append((key, name, got, value))
    return wrong


def _same_number(table: Table, name: str, got: Any, value: Any) -> bool:
    """The full load reads doubles natively, so that its text is DuckDB's, not the server's."""
    return (
        any(column.column == name and column.type == "double" for column in table.columns)
        and None not in (got, value)
        and float(got) == float(value)
    )


def test_the_stream_says_what_the_full_load_says(source: Source) -> None:
    rows = [(name, value) for name, _, _, listed in MATRIX for value in values_of(listed)]
    columns = ", ".join(f"`{name}` {kind}" for name, kind, *_ in MATRIX)
    source.execute(f"create table x (id int primary key, {columns}) default charset utf8mb4")
    position = source.position()
    for start in range(0, len(rows), 50):
        source.execute(
            *(
                f"insert into x (id, `{name}`) values ({number}, {value})"
                for number, (name, value) in enumerate(rows[start : start + 50], start)
            )
        )
    [table] = make_system(
        {"technology": "mysql"},
        {"x": ["id integer key", *(f"{name} {kind}" for name, _, kind, _ in MATRIX)]},
    ).tables

    wrong = compared(source, table, {}, position)

    assert [(rows[int(str(key))], name, got, value) for key, name, got, value in wrong] == []


@pytest.mark.parametrize("holds", ["gbk", "utf8mb4", "latin1"])
def test_latin1_columns_hold_what_the_registry_says(source: Source, holds: str) -> None:
    source.execute("create table x (id int primary key, note varchar(99) character set latin1)")
    position = source.position()
    source.execute(
        "insert into x values (1, convert(x'D6D0CEC4' using latin1))",
        "insert into x values (2, convert(x'D6D0CEC4FF' using latin1))",
        "insert into x values (3, convert(cast('中文' as binary) using latin1))",
        "insert into x values (4, 'plain'), (5, ''), (6, null)",
        "insert into x select 100 + seq, convert(unhex(hex(seq)) using latin1) from seq_128_to_255",
    )
    [table] = make_system({"technology": "mysql"}, {"x": ["id integer key", "note varchar"]}).tables
    assert compared(source, table, {"latin1_holds": holds}, position) == []


@pytest.mark.parametrize("charset", ["gbk", "gb2312"])
def test_every_character_of_a_chinese_character_set_is_the_servers(
    source: Source, charset: str
) -> None:
    source.execute(f"create table x (id int primary key, note varchar(9) character set {charset})")
    position = source.position()
    source.execute(
        f"""
        insert ignore into x
        select a.seq * 256 + b.seq, convert(unhex(concat(hex(a.seq), hex(b.seq))) using {charset})
        from seq_129_to_254 as a, seq_64_to_254 as b
        where convert(unhex(concat(hex(a.seq), hex(b.seq))) using {charset}) is not null
        """
    )
    [table] = make_system({"technology": "mysql"}, {"x": ["id integer key", "note varchar"]}).tables
    assert compared(source, table, {}, position) == []
