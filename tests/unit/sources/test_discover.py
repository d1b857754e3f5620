"""What a catalogue says becomes a draft that holds, whatever the source calls its things."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from citybase.errors import SourceError
from sources.connectors.mysql_location import LocationError, parse_location
from sources.contract import CODE_PATTERN, System
from sources.discover.classes import suggested_class
from sources.discover.codes import column_codes, reserved_words, table_codes
from sources.discover.draft import Answers, drafted
from sources.discover.fitting import fitted
from sources.discover.found import FoundColumn, FoundSource, FoundTable, Technology, best_key
from sources.discover.location import open_catalogue, sqlite_path
from sources.discover.modes import later_mode
from sources.discover.render import rendered
from sources.discover.types import mysql_type, postgresql_type, sqlite_type

pytestmark = pytest.mark.unit

ANSWERS = Answers(
    system="strange",
    name="陌生系统",
    department="strange_office",
    department_name="陌生局",
    uscc="11371300004321004C",
    owner="信息科",
    phone="0539-8170110",
)


def column(name: str, comment: str | None = None, kind: str = "varchar") -> FoundColumn:
    return FoundColumn(name, kind, kind, nullable=True, comment=comment)


def table(
    name: str, columns: Sequence[FoundColumn], key: tuple[str, ...] = (), comment: str = ""
) -> FoundTable:
    return FoundTable(name, comment, tuple(columns), key, has_primary_key=bool(key))


def codes(*columns: FoundColumn) -> list[str]:
    return column_codes(columns)


@pytest.mark.parametrize(
    ("base", "precision", "scale", "kind"),
    [
        ("int2", None, None, "smallint"),
        ("int8", None, None, "bigint"),
        ("float4", None, None, "double"),
        ("bool", None, None, "boolean"),
        ("timestamptz", None, None, "timestamp"),
        ("numeric", 12, 2, "decimal(12,2)"),
        ("numeric", 38, 0, "decimal(38,0)"),
        ("numeric", 39, 0, "varchar"),
        ("numeric", 3, 5, "decimal(5,5)"),
        ("numeric", 4, -2, "decimal(6,0)"),
        ("numeric", None, None, "varchar"),
        ("_int4", None, None, "varchar"),
        ("mood", None, None, "varchar"),
        ("jsonb", None, None, "varchar"),
        ("oid", None, None, "varchar"),
    ],
)
def test_a_postgresql_type_becomes_one_that_holds_it(
    base: str, precision: int | None, scale: int | None, kind: str
) -> None:
    assert postgresql_type(base, precision=precision, scale=scale)[0] == kind


@pytest.mark.parametrize(
    ("base", "shown", "precision", "scale", "kind"),
    [
        ("tinyint", "tinyint(1)", 3, 0, "smallint"),
        ("tinyint", "tinyint(3) unsigned", 3, 0, "smallint"),
        ("smallint", "smallint(5) unsigned", 5, 0, "integer"),
        ("mediumint", "mediumint(8) unsigned", 7, 0, "integer"),
        ("int", "int(10) unsigned", 10, 0, "bigint"),
        ("int", "int unsigned zerofill", 10, 0, "varchar"),
        ("bigint", "bigint(20) unsigned", 20, 0, "decimal(20,0)"),
        ("decimal", "decimal(65,30)", 65, 30, "varchar"),
        ("decimal", "decimal(20,4) unsigned", 20, 4, "decimal(20,4)"),
        ("bit", "bit(1)", 1, None, "boolean"),
        ("bit", "bit(63)", 63, None, "bigint"),
        ("bit", "bit(64)", 64, None, "decimal(20,0)"),
        ("year", "year(4)", None, None, "smallint"),
        ("enum", "enum('unsigned','zerofill')", None, None, "varchar"),
        ("datetime", "datetime(3)", None, None, "timestamp"),
        ("longblob", "longblob", None, None, "varchar"),
        ("time", "time", None, None, "varchar"),
    ],
)
def test_a_mysql_type_becomes_one_that_holds_it(
    base: str, shown: str, precision: int | None, scale: int | None, kind: str
) -> None:
    assert mysql_type(base, shown=shown, precision=precision, scale=scale)[0] == kind


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("INTEGER", "bigint"),
        ("UNSIGNED BIG INT", "bigint"),
        ("POINT", "varchar"),
        ("VARCHAR(20)", "varchar"),
        ("NCHAR(55)", "varchar"),
        ("DOUBLE PRECISION", "double"),
        ("DECIMAL(10,2)", "decimal(10,2)"),
        ("NUMERIC", "varchar"),
        ("BOOLEAN", "boolean"),
        ("DATE", "date"),
        ("DATETIME", "timestamp"),
        ("", "varchar"),
        ("BLOB", "varchar"),
    ],
)
def test_a_sqlite_type_becomes_one_that_may_hold_it(declared: str, kind: str) -> None:
    assert sqlite_type(declared)[0] == kind


def test_codes_are_words_of_the_standard_or_of_the_source_and_never_guessed() -> None:
    assert codes(
        column("CZRK_XM", "姓名(常住人口)"),
        column("xm"),
        column("xm", "项目"),
        column("ResidentIDNo"),
        column("2020_income"),
        column("_batch_id"),
        column("order"),
        column("民族"),
        column("没听说过"),
        column("column_9"),
        column("!!"),
    ) == [
        "name",
        "name_2",
        "xm",
        "resident_id_no",
        "n2020_income",
        "batch_id",
        "order_column",
        "ethnicity_code",
        "column_9",
        "column_9_2",
        "column_11",
    ]


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=12), st.one_of(st.none(), st.text(max_size=30))),
        min_size=1,
        max_size=5,
        unique_by=lambda pair: pair[0],
    )
)
@example([("\n0", "a\x85b"), ("\u2028", "#: {}"), ("null", "null"), ("1", "2024-01-01")])
@settings(max_examples=40, deadline=None)
def test_whatever_things_are_called_the_draft_says_what_was_found(
    names: list[tuple[str, str | None]],
) -> None:
    columns = [column(name, comment) for name, comment in names]
    made = [
        table(f"{name}{place}", columns, key=(columns[0].name,), comment=comment or "")
        for place, (name, comment) in enumerate(names)
    ]
    keyless = table("keyless", columns)
    found = FoundSource("postgresql", "db", "public", (*made, keyless))

    draft = drafted(found, answers=ANSWERS)
    text = rendered(draft)

    assert yaml.safe_load(text) == draft.facts()
    system = System.model_validate(draft.facts())
    assert [t.source_name for t in system.tables] == [t.name for t in made]
    for written in system.tables:
        assert [c.source_name for c in written.columns] == [c.name for c in columns]
        for code in (written.table, *(c.column for c in written.columns)):
            assert re.fullmatch(CODE_PATTERN, code)
            assert code not in reserved_words()
    assert re.search(r"(?m)^# keyless is left out: it has no primary key", text)
    # Uncommented, its block is a table whose key is an open question.
    block = text.split("# keyless is left out")[1].split("\n", 1)[1]
    again = yaml.safe_load(re.sub(r"(?m)^# ", "", block))
    assert [c["type"] for c in again[0]["columns"]] == ["varchar"] * len(columns)
    assert again[0]["keys"] == ["??? the columns that together tell its rows apart"]


def test_tables_get_codes_of_their_own() -> None:
    made = [table(name, [column("a")]) for name in ("T_User", "t_user", "user", "用户", "select")]
    assert table_codes(made) == ["t_user", "t_user_2", "user_table", "table_4", "select_table"]


@pytest.mark.parametrize(
    ("name", "comment", "expected"),
    [
        ("nfxm", None, "identifying"),
        ("btxm", "补贴项目", "sensitive"),
        ("xmbh", "项目编号", "internal"),
        ("gmsfhm", None, "identifying"),
        ("xb", "性别(1男,2女)", "personal"),
        ("csrq", None, "personal"),
        ("zdmc", "诊断名称", "sensitive"),
        ("motherIdCard", None, "identifying"),
        ("bank_card_no", None, "sensitive"),
        ("ye", "余额", "sensitive"),
        ("dknx", "贷款期限", "sensitive"),
        ("ffje", None, "sensitive"),
        ("account_balance", None, "sensitive"),
        ("zczb", "注册资本(万元)", "internal"),
        ("dept_name", "单位名称", "internal"),
        ("full_name", None, "identifying"),
        ("passwd", None, "sensitive"),
        ("package", None, "internal"),
        ("gxsj", "更新时间", "internal"),
        ("联系电话", None, "identifying"),
    ],
)
def test_a_class_is_suggested_from_name_and_comment(
    name: str, comment: str | None, expected: str
) -> None:
    assert suggested_class(column(name, comment))[0] == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["371302199001010010", "371302199001010029"], "internal"),  # no check character is right
        (["见371302199001010011的说明", "无"], "identifying"),
        (["13812345678"] * 4 + ["无"], "identifying"),
        (["1381234567"] * 5, "internal"),
        (["王芳", "李建国", "张伟", "刘洋", "某"], "identifying"),
        (["高中", "高中", "高中", "本科", "高中", "高中"], "internal"),
        (["6222021234567890123"] * 5, "sensitive"),
        (["a@b.cn"] * 5, "identifying"),
        (["2024-01-01"] * 5, "internal"),
        ([], "internal"),
    ],
)
def test_a_class_is_suggested_from_values_and_no_value_is_repeated(
    values: list[str], expected: str
) -> None:
    suggested, because = suggested_class(column("c7"), values=values)
    assert suggested == expected
    assert (because is None) == (expected == "internal")
    assert not any(value in (because or "") for value in values)


@pytest.mark.parametrize(
    ("technology", "kind", "values", "fits", "note"),
    [
        ("sqlite", "date", ["2024-01-01", " "], "date", None),
        ("sqlite", "date", ["2024-01-01", "1704067200"], "varchar", "declared date, but"),
        ("sqlite", "date", ["2024-01-01"] * 9 + ["不详"], "date", "a few values"),
        ("sqlite", "boolean", ["0", "1", "N"], "varchar", "declared boolean, but"),
        ("sqlite", "decimal(4,1)", ["1.50", "2.25"], "varchar", "declared decimal(4,1), but"),
        ("postgresql", "varchar", ["20240101"] * 5, "varchar", 'date, format: "%Y%m%d"'),
        ("postgresql", "varchar", ["20240101"] * 5 + ["20241301"], "varchar", None),
        ("postgresql", "varchar", ["20240101"] * 4, "varchar", None),
        ("mysql", "varchar", ["a", "ÖÐÎÄ"], "varchar", "latin1_holds: gbk"),
        ("mysql", "varchar", ["ä¸\xadæ–‡"], "varchar", "latin1_holds: utf8mb4"),
        ("mysql", "varchar", ["中文", "é"], "varchar", None),
        ("mysql", "varchar", ["café"], "varchar", None),
    ],
)
def test_a_sample_corrects_types_and_tells_formats(
    technology: Technology, kind: str, values: list[str], fits: str, note: str | None
) -> None:
    found = fitted(column("c", None, kind), values, technology)
    assert found.type == fits
    assert found.note is None if note is None else note in (found.note or "")


def test_values_never_soften_what_the_name_says() -> None:
    assert suggested_class(column("诊断"), values=["王芳", "李建国", "张伟", "刘洋", "陈静"]) == (
        "sensitive",
        None,
    )


def test_the_key_is_the_primary_one_else_the_shortest_unique_one() -> None:
    assert best_key(["b", "a"], [["c"]]) == ("b", "a")
    assert best_key([], [["a", "b"], ["d"], ["c"]]) == ("c",)
    assert best_key([], []) == ()


def test_a_later_mode_is_suggested_where_something_speaks_for_it() -> None:
    changed = table("t", [column("lastUpdateTime", None, "timestamp")], key=("id",))
    assert later_mode(changed, "mysql") == "later: log, or cursor by lastUpdateTime"
    assert later_mode(changed, "sqlite") == "later: cursor by lastUpdateTime"
    assert later_mode(table("t", [column("gxsj", "更新时间")]), "mysql") is None


def test_a_mysql_url_is_read_to_the_last_character() -> None:
    where = parse_location("mysql://r%40d:p%27%40%2F%3B@h:3307/d%C3%BC?ssl_ca=/ca.pem")
    assert (where.user, where.password, where.host, where.port, where.database, where.ssl_ca) == (
        "r@d",
        "p'@/;",
        "h",
        3307,
        "dü",
        "/ca.pem",
    )
    assert "p'" not in repr(where)
    for wrong in ("mysql://h/d", "mysql:///d", "http://u@h/d", "mysql://u@h/d?x=1", "mysql://u@/d"):
        with pytest.raises(LocationError):
            parse_location(wrong)


def test_a_file_is_found_however_its_url_is_written(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("files")
    path = folder / "a.db"
    path.touch()
    monkeypatch.chdir(folder)
    for url in (f"sqlite:///{path}", f"sqlite://{path}", f"sqlite:{path}", str(path)):
        assert sqlite_path(url) == path
    for url in ("sqlite:///a.db", "sqlite:a.db", "a.db"):
        found = sqlite_path(url)
        assert found is not None
        assert found.resolve() == path.resolve()
    with pytest.raises(SourceError, match="is no SQLite database"):
        open_catalogue(str(path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{folder}/nowhere.db", "There is no file {folder}/nowhere.db."),
        ("{folder}", "{folder} is a folder."),
        ("reader:sesam@host/gjj", "This is no URL, and no file."),
        ("password=sesam", "This is no URL, and no file."),
    ],
)
def test_a_path_that_leads_nowhere_is_named_and_a_password_is_not(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(SourceError) as refused:
        open_catalogue(text.format(folder=tmp_path))
    assert refused.value.message == said.format(folder=tmp_path)
    assert "sqlite:///path/of/the/file.db" in refused.value.remedy
