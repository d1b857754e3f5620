"""The bad-input matrix: what sources hold that no table should, by kind and technology.

Add a kind to ``KINDS``, then for each technology a line in ``VALUES`` or ``DELIVERIES``, or the
reason in ``IMPOSSIBLE`` why it cannot occur there. Keep out: how a source is made to hold it
(``sources_of.py``, ``deliveries.py``) and what is asserted (``test_matrix.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.integration.bad_input import deliveries

KINDS = {
    "zero date": "0000-00-00",
    "month zero": "2024-00-10",
    "BC date": "a day before our era",
    "infinity date": "infinity",
    "NaN": "a number that is none",
    "50 digits": "a number longer than any type",
    "tinyint(1) = 5": "neither true nor false",
    "unsigned bigint": "its largest",
    "NUL byte": "in the middle of a text",
    "invalid UTF-8": "bytes that are no text",
    "GBK in latin1": "Chinese, declared to be something else",
    "64 KB text": "65,536 characters",
    "JSON": "a document",
    "enum": "one of a list",
    "array": "several values in one",
    "bit": "a bit string",
    "duplicate header": "a column twice",
    "short row": "a record that lacks fields",
    "empty file": "no byte",
    "password": "an encrypted workbook",
    "truncated": "a workbook cut off",
    "zip bomb": "a workbook a thousand times larger inside",
    "100 MB field": "one value larger than other tables",
    "web page": "HTTP 200 with HTML",
}
# A `_log` is the same table captured by its log: it must judge a value as the full load does.
TECHNOLOGIES = (
    "postgresql", "postgresql_log", "mysql", "mysql_log", "sqlite", "csv_utf8", "csv_gb18030",
    "xlsx", "http",
)  # fmt: skip

PG, MY = ("postgresql", "postgresql_log"), ("mysql", "mysql_log")
CSV = ("csv_utf8", "csv_gb18030")
FILES = (*CSV, "xlsx")
DATABASES = (*PG, *MY, "sqlite")
HTTP = ("http",)


@dataclass(frozen=True)
class Value:
    """One bad value in column ``v`` of a table, between good neighbours.

    ``holds`` is the column's type in a database; ``good`` and ``bad`` are SQL there, in a file the
    text of the field, in an answer of an interface the JSON. It ``lands`` as this text, or is
    quarantined for ``reason`` and shown as ``raw`` (left out: as it is written). ``connection`` are
    more keys of the registry. One that is ``heavy`` is read by a process of its own, whose memory
    is bounded.
    """

    kind: str
    technologies: tuple[str, ...]
    type: str
    good: str
    bad: str | bytes
    holds: str = "text"
    good_lands: str | None = None
    lands: str | None = None
    reason: str | None = None
    raw: str | None = None
    connection: Mapping[str, str] = field(default_factory=dict)
    heavy: bool = False


@dataclass(frozen=True)
class Delivery:
    """A whole file of columns ``id`` and ``v``: these ids land, so many records are ``rejected``
    for these reasons; or, where it cannot be read at all, the one ``error``.
    """

    kind: str
    technologies: tuple[str, ...]
    make: Callable[[str], bytes]
    lands: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    rejected: int = 1
    error: str | None = None
    heavy: bool = False


def _texts(
    kind: str, type_: str, good: str, bad: str, reason: str, *, databases: tuple[str, ...]
) -> list[Value]:
    """The same text wherever texts are: in each file and answer, and in a text column of those
    databases that have no type which holds it.
    """
    return [
        Value(kind, databases, type_, f"'{good}'", f"'{bad}'", reason=reason, raw=bad),
        Value(kind, FILES, type_, good, bad, reason=reason, raw=bad),
        Value(kind, HTTP, type_, f'"{good}"', f'"{bad}"', reason=reason, raw=bad),
    ]


_DIGITS = "12345678901234567890123456789012345678901234567890"
_LARGEST = "18446744073709551615"
_JSON = '{"k": 1.50, "中": [true, null]}'
_GBK = "convert(x'D6D0CEC4' using latin1)"

VALUES = [
    *_texts(
        "zero date", "date", "2024-01-01", "0000-00-00", "not_date", databases=(*PG, "sqlite")
    ),
    Value("zero date", MY, "date", "'2024-01-01'", "'0000-00-00'", "date", reason="not_date"),
    Value(
        "zero date", MY, "timestamp", "'2024-01-01'", "'0000-00-00'", "datetime",
        good_lands="2024-01-01 00:00:00", reason="not_timestamp", raw="0000-00-00 00:00:00",
    ),
    *_texts(
        "month zero", "date", "2024-01-01", "2024-00-10", "not_date", databases=(*PG, "sqlite")
    ),
    Value("month zero", MY, "date", "'2024-01-01'", "'2024-00-10'", "date", reason="not_date"),
    *_texts(
        "BC date", "date", "2024-01-01", "0044-03-15 BC", "not_date", databases=(*MY, "sqlite")
    ),
    Value("BC date", PG, "date", "'2024-01-01'", "'0044-03-15 BC'", "date", reason="not_date"),
    Value(
        "BC date", PG, "timestamp", "'2024-01-01'", "'0044-03-15 BC'", "timestamp",
        good_lands="2024-01-01 00:00:00", reason="not_timestamp", raw="0044-03-15 00:00:00 BC",
    ),
    *_texts(
        "infinity date", "date", "2024-01-01", "infinity", "not_date", databases=(*MY, "sqlite")
    ),
    Value("infinity date", PG, "date", "'2024-01-01'", "'infinity'", "date", reason="not_date"),
    Value(
        "infinity date", PG, "timestamp", "'2024-01-01'", "'-infinity'", "timestamp",
        good_lands="2024-01-01 00:00:00", reason="not_timestamp",
    ),
    *_texts(
        "NaN", "decimal(12,2)", "1.50", "NaN", "not_decimal(12,2)", databases=(*MY, "sqlite")
    ),
    *_texts(
        "NaN", "double", "1.5", "nan", "not_finite", databases=("sqlite",)
    ),
    Value(
        "NaN", PG, "decimal(12,2)", "1.5", "'NaN'", "numeric(12,2)", good_lands="1.50",
        reason="not_decimal(12,2)",
    ),
    Value("NaN", PG, "double", "1.5", "'NaN'", "float8", reason="not_finite", raw="nan"),
    *_texts(
        "50 digits", "decimal(38,0)", "7", _DIGITS, "not_decimal(38,0)", databases=("sqlite",)
    ),
    Value("50 digits", PG, "decimal(38,0)", "7", _DIGITS, "numeric", reason="not_decimal(38,0)"),
    Value("50 digits", PG, "varchar", "7", _DIGITS, "numeric", lands=_DIGITS),
    Value(
        "50 digits", MY, "decimal(38,0)", "7", _DIGITS, "decimal(65,0)", reason="not_decimal(38,0)"
    ),
    Value("50 digits", MY, "varchar", "7", _DIGITS, "decimal(65,0)", lands=_DIGITS),
    *_texts(
        "tinyint(1) = 5", "boolean", "true", "5", "not_boolean", databases=("sqlite",)
    ),
    Value(
        "tinyint(1) = 5", PG, "boolean", "1", "5", "smallint", good_lands="true",
        reason="not_boolean",
    ),
    Value(
        "tinyint(1) = 5", MY, "boolean", "1", "5", "tinyint(1)", good_lands="true",
        reason="not_boolean",
    ),
    Value("tinyint(1) = 5", MY, "smallint", "1", "5", "tinyint(1)", lands="5"),
    *_texts(
        "unsigned bigint", "bigint", "7", _LARGEST, "not_bigint", databases=("sqlite",)
    ),
    Value("unsigned bigint", PG, "bigint", "7", _LARGEST, "numeric(20,0)", reason="not_bigint"),
    Value("unsigned bigint", MY, "bigint", "7", _LARGEST, "bigint unsigned", reason="not_bigint"),
    Value(
        "unsigned bigint", MY, "decimal(20,0)", "7", _LARGEST, "bigint unsigned", lands=_LARGEST
    ),
    Value("NUL byte", MY, "varchar", "'ab'", "concat('a', char(0), 'b')", lands="a\0b"),
    Value("NUL byte", ("sqlite",), "varchar", "'ab'", "'a' || char(0) || 'b'", lands="a\0b"),
    Value("NUL byte", CSV, "varchar", "ab", "a\0b", lands="a\0b"),
    Value("NUL byte", ("xlsx",), "varchar", "ab", "a\0b", lands="a\0b"),
    Value(
        "invalid UTF-8", ("postgresql",), "varchar", "'甲'", b"'a\xff'", reason="undecodable_bytes",
        raw="a\\xFF", connection={"encoding": "utf-8", "server_encoding": "SQL_ASCII"},
    ),
    Value(
        "invalid UTF-8", MY, "varchar", "'abc'",
        "convert(x'61FF' using latin1)", "text character set latin1",
        reason="undecodable_bytes", raw="a\\xFF", connection={"latin1_holds": "utf8mb4"},
    ),
    Value(
        "invalid UTF-8", ("sqlite",), "varchar", "'甲'", "cast(x'61ff' as text)",
        reason="undecodable_bytes", raw="a\\xFF",
    ),
    Value(
        "invalid UTF-8", CSV, "varchar", "甲", b"a\xff\xff", reason="undecodable_bytes",
        raw="{id},a\\xff\\xff",
    ),
    Value(
        "GBK in latin1", ("postgresql",), "varchar", "'甲'", "'中文'", lands="中文",
        connection={"encoding": "gb18030", "server_encoding": "LATIN1"},
    ),
    Value(
        "GBK in latin1", MY, "varchar", "'ab'", _GBK, "text character set latin1",
        reason="undecodable_bytes", raw="\\xD6\\xD0\\xCE\\xC4",
    ),
    Value(
        "GBK in latin1", MY, "varchar", "'ab'", _GBK, "text character set latin1", lands="中文",
        connection={"latin1_holds": "gbk"},
    ),
    Value(
        "GBK in latin1", ("sqlite",), "varchar", "'ab'", "cast(x'D6D0CEC4' as text)",
        reason="undecodable_bytes", raw="\\xD6\\xD0\\xCE\\xC4",
    ),
    Value(
        "GBK in latin1", ("csv_utf8",), "varchar", "甲", "中文".encode("gb18030"),
        reason="undecodable_bytes", raw="{id},\\xd6\\xd0\\xce\\xc4",
    ),
    Value("64 KB text", PG, "varchar", "'a'", "repeat('长', 65536)", lands="长" * 65536),
    Value(
        "64 KB text", MY, "varchar", "'a'", "repeat('长', 65536)", "mediumtext", lands="长" * 65536
    ),
    Value("64 KB text", ("sqlite",), "varchar", "'a'", f"'{'长' * 65536}'", lands="长" * 65536),
    Value("64 KB text", CSV, "varchar", "a", "长" * 65536, lands="长" * 65536),
    Value("JSON", PG, "varchar", "'{}'", f"'{_JSON}'", "jsonb", lands=_JSON),
    Value("JSON", MY, "varchar", "'{}'", f"'{_JSON}'", "json", lands=_JSON),
    Value("JSON", ("sqlite",), "varchar", "'{}'", f"'{_JSON}'", lands=_JSON),
    Value("JSON", FILES, "varchar", "{}", _JSON, lands=_JSON),
    Value("enum", PG, "varchar", "'froh'", "'中'", "feeling", lands="中"),
    Value("enum", MY, "varchar", "'froh'", "'中'", "enum('froh', '中')", lands="中"),
    Value("enum", MY, "varchar", "'froh'", "'nobody'", "enum('froh', '中')", lands=""),
    Value("array", PG, "varchar", "'{}'", "'{1,NULL,3}'", "int[]", lands="{1,NULL,3}"),
    Value("bit", PG, "varchar", "'000'", "'101'", "bit(3)", lands="101"),
    Value("bit", MY, "varchar", "0", "b'100000000001'", "bit(12)", lands="2049"),
    Value("50 digits", HTTP, "decimal(38,0)", "7", _DIGITS, reason="not_decimal(38,0)"),
    Value("50 digits", HTTP, "varchar", "7", _DIGITS, lands=_DIGITS),
    Value("tinyint(1) = 5", HTTP, "boolean", "true", "5", reason="not_boolean"),
    Value("unsigned bigint", HTTP, "bigint", "7", _LARGEST, reason="not_bigint"),
    Value("unsigned bigint", HTTP, "decimal(20,0)", "7", _LARGEST, lands=_LARGEST),
    Value("NUL byte", HTTP, "varchar", '"ab"', '"a\\u0000b"', lands="a\0b"),
    Value("64 KB text", HTTP, "varchar", '"a"', f'"{"长" * 65536}"', lands="长" * 65536),
    Value("JSON", HTTP, "varchar", "{}", _JSON, lands=_JSON.replace(", ", ",").replace(": ", ":")),
    Value("array", HTTP, "varchar", "[]", "[1, null, 3]", lands="[1,null,3]"),
    Value("100 MB field", PG, "varchar", "'a'", "repeat('x', 104857600)", lands="x", heavy=True),
    Value(
        "100 MB field", MY, "varchar", "'a'", "repeat('x', 104857600)", "longtext", lands="x",
        heavy=True,
    ),
    Value(
        "100 MB field", ("sqlite",), "varchar", "'a'", "replace(hex(zeroblob(52428800)), '0', 'x')",
        lands="x", heavy=True,
    ),
]  # fmt: skip

DELIVERIES = [
    Delivery("duplicate header", FILES, deliveries.twice, error="has column v twice"),
    Delivery("short row", CSV, deliveries.short, ("1", "9"), ("short_row",)),
    Delivery("empty file", CSV, deliveries.empty, error="is empty: it has no header line"),
    Delivery("empty file", ("xlsx",), deliveries.empty, error="is empty: it has no byte"),
    Delivery("NaN", HTTP, deliveries.bare_nan, error="NaN is no JSON"),
    Delivery("duplicate header", HTTP, deliveries.twice, error="an object has v twice"),
    Delivery("empty file", HTTP, deliveries.empty, error="answers with broken JSON"),
    Delivery("truncated", HTTP, deliveries.half, error="answers with broken JSON"),
    Delivery("zip bomb", HTTP, deliveries.gzipped, error="more than 64 MiB at once", heavy=True),
    Delivery(
        "100 MB field", HTTP, deliveries.huge_field, error="more than 64 MiB at once", heavy=True
    ),
    Delivery("web page", HTTP, deliveries.web_page, error="a web page instead of JSON"),
    Delivery("invalid UTF-8", HTTP, deliveries.torn_text, error="it is not utf-8"),
    Delivery("invalid UTF-8", ("xlsx",), deliveries.torn_xml, error="is damaged inside"),
    Delivery("password", ("xlsx",), deliveries.encrypted, error="is protected by a password"),
    Delivery("truncated", ("xlsx",), deliveries.cut_off, error="is cut off or damaged"),
    Delivery("truncated", ("xlsx",), deliveries.half_a_sheet, error="is damaged inside"),
    Delivery(
        "zip bomb", ("xlsx",), deliveries.bomb, error="is larger inside than 1024 MiB", heavy=True
    ),
    Delivery(
        "zip bomb", ("xlsx",), deliveries.bomb_of_texts, error="is larger inside than 256 MiB",
        heavy=True,
    ),
    Delivery("64 KB text", ("xlsx",), deliveries.long_cell, ("1", "5", "9"), rejected=0),
    Delivery(
        "100 MB field", CSV, deliveries.long_line, ("1", "9"), ("line_too_long",), heavy=True
    ),
    Delivery(
        "100 MB field", CSV, deliveries.open_quote, ("1", "9"), ("broken_quotes", "short_row"),
        rejected=deliveries.OPEN_LINES + 1, heavy=True,
    ),
    Delivery(
        "100 MB field", ("xlsx",), deliveries.huge_cell, ("1", "9"), ("cell_too_long",), heavy=True
    ),
]  # fmt: skip

_NO_FILE = "a table of a database is no file"
_NO_FILE_ANSWER = "an answer that only some may read is refused by its status"
_NO_WORKBOOK = "a CSV file is no workbook"
_VOUCHED = "a database that does not vouch for its texts has no log that is read: it is refused"
IMPOSSIBLE: Mapping[tuple[str, str], str] = {
    **{("NUL byte", one): "the server takes none" for one in PG},
    ("invalid UTF-8", "postgresql_log"): _VOUCHED,
    ("GBK in latin1", "postgresql_log"): _VOUCHED,
    ("GBK in latin1", "csv_gb18030"): "that is what the file is declared to hold",
    ("GBK in latin1", "xlsx"): "a workbook is Unicode",
    **{("enum", one): "has no such type" for one in ("sqlite", *FILES, "http")},
    **{("array", one): "has no such type" for one in (*MY, "sqlite", *FILES)},
    **{("bit", one): "has no such type" for one in ("sqlite", *FILES, "http")},
    **{
        (kind, one): _NO_FILE
        for kind in ("duplicate header", "short row", "empty file")
        for one in DATABASES
    },
    ("short row", "xlsx"): "a cell that is not there is a blank one",
    **{
        (kind, one): _NO_FILE if one in DATABASES else _NO_WORKBOOK
        for kind in ("password", "truncated", "zip bomb")
        for one in (*DATABASES, *CSV)
    },
    ("GBK in latin1", "http"): "JSON is UTF-8",
    ("short row", "http"): "a field that is not there is null",
    ("password", "http"): _NO_FILE_ANSWER,
    **{("web page", one): "is not fetched by HTTP" for one in TECHNOLOGIES if one != "http"},
}

HEADINGS = {
    "postgresql": "PostgreSQL", "postgresql_log": "its log", "mysql": "MariaDB",
    "mysql_log": "its log", "sqlite": "SQLite", "csv_utf8": "CSV", "csv_gb18030": "CSV GB 18030",
    "xlsx": "Excel", "http": "HTTP",
}  # fmt: skip


def table() -> list[str]:
    """The matrix as docs/testing.md shows it."""
    lines = [
        f"| | {' | '.join(HEADINGS[one] for one in TECHNOLOGIES)} |",
        f"|{'---|' * (len(TECHNOLOGIES) + 1)}",
    ]
    for kind in KINDS:
        cells = (_outcomes(kind, technology) or "–" for technology in TECHNOLOGIES)
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return lines


def _outcomes(kind: str, technology: str) -> str:
    """What becomes of the bad rows, in words."""
    found = set()
    for row in (*VALUES, *DELIVERIES):
        if row.kind != kind or technology not in row.technologies:
            continue
        if isinstance(row, Value):
            found.add("lands" if row.lands is not None else "quarantine")
        elif row.error is not None:
            found.add("refused")
        else:
            found.add("quarantine" if row.reasons else "lands")
    return ", ".join(sorted(found))
