"""A registry file keeps the contract, or is refused with its file, line and what to write."""

from pathlib import Path

import pytest

from citybase.errors import RegistryError
from sources.contract_http import HttpConnection, HttpPaging
from sources.registry import Registry, load_registry, load_system, registry_folder

pytestmark = pytest.mark.unit

GOOD = """\
system: household_register
name: 户籍管理系统
department:
  code: public_security
  name: 临沂市公安局
  uscc: "11371300004321004C"
level: city
network_domain: administrative
owner:
  name: 户政科
  phone: "0539-8170110"
connection:
  technology: postgresql
  location_env: CITYBASE_SOURCE_HOUSEHOLD_REGISTER
  schema: huji
tables:
  - table: resident
    source: czrk
    name: 户籍人口
    keys: [resident_no]
    mode: full
    update_cycle: daily
    openness: closed
    sharing:
      type: conditional
      condition: 依法履职需要
    columns:
      - {column: resident_no, source: rybh, name: 号, type: varchar, nullable: false, class: open}
      - {column: name, source: xm, name: 姓名, type: varchar, nullable: false, class: identifying}
      - column: birth_date
        source: csrq
        name: 出生日期
        type: date
        nullable: true
        class: personal
"""


def write(folder: Path, text: str, *, path: str = "public_security/household_register.yml") -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_registry_of_the_house_is_well_formed() -> None:
    assert len(load_registry(registry_folder()).systems) >= 6


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path, GOOD)

    [(system, table)] = load_registry(tmp_path).tables()

    assert (system.system, system.department.code) == ("household_register", "public_security")
    assert table.source_name == "czrk"
    assert table.column("birth_date").source_name == "csrq"
    assert table.column("birth_date").sensitivity == "personal"


REFUSALS = {
    "unknown key": (
        "level: city",
        "level: city\nlevle: city",
        8,
        "`levle` is no key of the contract",
        "Write `level`.",
    ),
    "unknown key without a neighbour": (
        "level: city",
        "level: city\nzzz: 1",
        8,
        "`zzz` is no key",
        "Remove it, or write one of: system, name, department",
    ),
    "missing key of the system": (
        "network_domain: administrative\n",
        "",
        1,
        "`network_domain` is missing",
        "Write `network_domain: …`, one of: administrative, public.",
    ),
    "table without a mode": (
        "    mode: full\n",
        "",
        17,
        "`tables.resident.mode` is missing",
        "Write `mode: …`, one of: full, cursor, log, hash_diff, append_only, file_drop, http.",
    ),
    "column without a class": (
        "        class: personal\n",
        "",
        30,
        "`tables.resident.columns.birth_date.class` is missing",
        "Write `class: …`, one of: open, internal, personal, identifying, sensitive.",
    ),
    "value outside its list": (
        "mode: full",
        "mode: fulll",
        21,
        "`tables.resident.mode` has a value outside its list",
        "Write one of: 'full', 'cursor'",
    ),
    "unknown technology": (
        "technology: postgresql",
        "technology: oracle",
        12,
        "`connection` has a value outside its list",
        "'sqlite', 'csv', 'xlsx'",
    ),
    "no technology": (
        "  technology: postgresql\n",
        "",
        12,
        "`connection` does not say its technology",
        "Write `technology: …`, one of: postgresql, mysql, sqlite, csv, xlsx, http.",
    ),
    "a key of another technology": (
        "  schema: huji",
        "  schema: huji\n  header_row: 3",
        16,
        "`connection.header_row` is no key",
        "location_env",
    ),
    "a rate that limits nothing": (
        "  schema: huji",
        "  schema: huji\n  rate_limit: {}",
        16,
        "`rate_limit:` limits nothing",
        "Write `rows_per_second:` or `seconds_between_pulls:`",
    ),
    "a rate that no server would wait for": (
        "  schema: huji",
        "  schema: huji\n  rate_limit: {rows_per_second: 0}",
        16,
        "`connection.rate_limit.rows_per_second`: Input should be greater than or equal to 100",
        "docs/adding-a-source.md",
    ),
    "a rate in another unit": (
        "  schema: huji",
        "  schema: huji\n  rate_limit: {megabytes_per_second: 1}",
        16,
        "`connection.rate_limit.megabytes_per_second` is no key",
        "rows_per_second",
    ),
    "code in another alphabet": (
        "code: public_security",
        "code: 公安",
        4,
        "`department.code` is not well formed",
        "Write lower-case English words joined by `_`.",
    ),
    "unknown type": (
        "type: date",
        "type: datetime",
        33,
        "`tables.resident.columns.birth_date.type` is not well formed",
        "Write varchar, boolean",
    ),
    "number where text belongs": (
        'phone: "0539-8170110"',
        "phone: 8170110",
        11,
        "`owner.phone` is read as a number or a date",
        "Write it in quotes.",
    ),
    "damaged uscc": (
        "11371300004321004C",
        "1137130000432100",
        6,
        "`department.uscc` is not well formed",
        "It has to match",
    ),
    "key that is no column": (
        "keys: [resident_no]",
        "keys: [resident_id]",
        17,
        "key `resident_id` is no column",
        "Write one of: resident_no, name, birth_date.",
    ),
    "key that may be null": (
        "name: 号, type: varchar, nullable: false",
        "name: 号, type: varchar, nullable: true",
        17,
        "key column `resident_no` may be null",
        "Write `nullable: false` for column `resident_no`.",
    ),
    "column declared twice": (
        "{column: name, source: xm",
        "{column: resident_no, source: xm",
        17,
        "column `resident_no` is declared twice",
        "Keep one of them.",
    ),
    "source column declared twice": (
        "source: xm",
        "source: rybh",
        17,
        "source column `rybh` is declared twice",
        "Keep one of them.",
    ),
    "cursor mode without a cursor": (
        "mode: full",
        "mode: cursor",
        17,
        "`mode: cursor` needs `cursor:`",
        "Write `cursor: …` beside it",
    ),
    "cursor that is no column": (
        "mode: full",
        "mode: cursor\n    cursor: updated_at",
        17,
        "cursor `updated_at` is no column",
        "Write one of: resident_no, name, birth_date.",
    ),
    "conditional sharing without a condition": (
        "      condition: 依法履职需要\n",
        "",
        24,
        "needs `condition:`",
        "Write `condition: …` beside it",
    ),
    "withheld without a legal basis": (
        "type: conditional\n      condition: 依法履职需要",
        "type: withheld",
        24,
        "needs `legal_basis:`",
        "Write `legal_basis: …` beside it",
    ),
    "open but withheld": (
        "openness: closed\n    sharing:\n      type: conditional\n      condition: 依法履职需要",
        "openness: open\n    sharing:\n      type: withheld\n      legal_basis: 国家秘密法",
        17,
        "`openness: open` contradicts",
        "Write `openness: closed`",
    ),
    "county without its code": (
        "level: city",
        "level: county",
        1,
        "`county:`",
        "the six digits of the division code",
    ),
    "code of a county for the city": (
        "level: city",
        'level: city\ncounty: "371302"',
        1,
        "`county:`",
        "Remove `county:`",
    ),
    "misspelt key": (
        "network_domain: administrative",
        "network_domian: administrative",
        8,
        "`network_domian` is no key of the contract.",
        "Write `network_domain`.",
    ),
    "misspelt key of a column": (
        "name: 号, type",
        "nmae: 号, type",
        28,
        "`tables.resident.columns.resident_no.nmae` is no key of the contract.",
        "Write `name`.",
    ),
    "unknown key and a missing one": (
        "level: city",
        "zzz: city",
        7,
        "`zzz` is no key of the contract (1 more after it).",
        "Remove it, or write one of: system, name",
    ),
    "text for true or false": (
        "name: 号, type: varchar, nullable: false",
        "name: 号, type: varchar, nullable: 否",
        28,
        "`tables.resident.columns.resident_no.nullable`",
        "Write true or false.",
    ),
    "colon left out": ("level: city", "level city", 7, "is not YAML", "Write `key: value`"),
    "colon of another alphabet": ("level: city", "level：city", 7, "is not YAML", "a plain colon"),
    "bracket left open": (
        "keys: [resident_no]",
        "keys: [resident_no",
        20,
        "is not YAML",
        "bracket",
    ),
    "bracket left open behind a comma": (
        "keys: [resident_no]",
        "keys: [resident_no,",
        20,
        "is not YAML",
        "Close the bracket that is opened there",
    ),
    "brace left open": (
        "nullable: false, class: open}",
        "nullable: false, class: open",
        28,
        "is not YAML",
        "Close the bracket that is opened there",
    ),
    "comma left out": ("source: xm, name", "source: xm name", 29, "is not YAML", "comma"),
    "quotes left open": ('004C"', "004C", 6, "is not YAML", "Close the quotes"),
    "last quotes left open": ('8170110"', "8170110", 11, "is not YAML", "Close the quotes"),
    "a colon in a value": ("name: 户籍管理系统", "name: 户籍: 系统", 2, "is not YAML", "in quotes"),
    "indented too far": (
        "  name: 临沂市公安局",
        "    name: 临沂市公安局",
        5,
        "is not YAML",
        "Mend the indentation",
    ),
    "an invisible character": ("level: city", "level: city\x07", 7, "does not take", "Remove it"),
    "key written twice": (
        "level: city",
        "level: city\nlevel: city",
        8,
        "writes `level` a second time",
        "Keep one of the two.",
    ),
    "bracket before a list": ("tables:", "tables: [", 16, "is not YAML", "Close the bracket"),
    "http without a way to ask for changes": (
        "  technology: postgresql",
        "  technology: http",
        15,
        "`connection.schema` is no key",
        "token_env, records, total, snapshot, paging, since",
    ),
    "deleted in a database": (
        "mode: full",
        "mode: full\n    deleted: gone",
        1,
        "`deleted:` of `resident` is about records of an http interface",
        "Take it out.",
    ),
    "a mode of another technology": (
        "mode: full",
        "mode: file_drop",
        1,
        "`mode: file_drop` of `resident` is nothing that postgresql can do",
        "Write one of: full, cursor, hash_diff, append_only, log.",
    ),
    "other system than its file": (
        "system: household_register",
        "system: household",
        1,
        "its path says `household_register`",
        "Make them the same",
    ),
    "other department than its folder": (
        "code: public_security",
        "code: security",
        1,
        "its path says `public_security`",
        "Make them the same",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_broken_file_is_refused_with_line_and_remedy(tmp_path: Path, case: str) -> None:
    right, wrong, line, message, remedy = REFUSALS[case]
    assert GOOD.count(right) == 1
    file = write(tmp_path, GOOD.replace(right, wrong))

    with pytest.raises(RegistryError) as caught:
        load_system(file)

    assert caught.value.message.startswith(f"{file}:{line} ")
    assert message in caught.value.message
    assert remedy in caught.value.remedy


HTTP = """\
  technology: http
  location_env: CITYBASE_SOURCE_HOUSEHOLD_REGISTER
  token_env: CITYBASE_SOURCE_HOUSEHOLD_REGISTER_TOKEN
  records: data.list
  total: data.total
  paging:
    parameter: pageNum
    size_parameter: pageSize
    size: 500
  since:
    parameter: since
    answer: data.until
"""
HTTP_REFUSALS = {
    "mode http without since": (
        "  since:\n    parameter: since\n    answer: data.until\n",
        "",
        1,
        "`mode: http` of `resident` needs `since:` of the connection",
        "Write there how changes are asked for, or `mode: hash_diff`.",
    ),
    "size without its parameter": (
        "    size_parameter: pageSize\n",
        "",
        18,
        "`connection.paging`: `size:` and `size_parameter:` are written together",
        "Write both, or neither.",
    ),
    "a path that is none": (
        "records: data.list",
        "records: data..list",
        16,
        "`connection.records` is not well formed",
        "It has to match",
    ),
    "an unknown key of paging": (
        "    parameter: pageNum",
        "    parametr: pageNum",
        19,
        "`connection.paging.parametr` is no key of the contract",
        "Write `parameter`.",
    ),
    "a mode that nobody can ask for": (
        "mode: http",
        "mode: append_only",
        1,
        "`mode: append_only` of `resident` is nothing that http can do",
        "Write one of: full, hash_diff, http.",
    ),
}


def interface() -> str:
    begin, end = GOOD.index("  technology:"), GOOD.index("tables:")
    return (GOOD[:begin] + HTTP + GOOD[end:]).replace("mode: full", "mode: http")


def test_an_interface_says_how_it_is_asked(tmp_path: Path) -> None:
    system = load_system(write(tmp_path, interface()))
    assert isinstance(system.connection, HttpConnection)
    assert system.connection.paging == HttpPaging(
        parameter="pageNum", size_parameter="pageSize", size=500
    )


@pytest.mark.parametrize("case", HTTP_REFUSALS)
def test_a_broken_interface_is_refused_with_line_and_remedy(tmp_path: Path, case: str) -> None:
    right, wrong, line, message, remedy = HTTP_REFUSALS[case]
    assert interface().count(right) == 1
    file = write(tmp_path, interface().replace(right, wrong))

    with pytest.raises(RegistryError) as caught:
        load_system(file)

    assert caught.value.message.startswith(f"{file}:{line} ")
    assert message in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "message"), [("", "is empty"), ("- a\n- b\n", "is not a mapping")]
)
def test_a_file_that_is_no_system_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)

    with pytest.raises(RegistryError, match=rf":1 {message}"):
        load_system(file)


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path, "")
    file.write_bytes(GOOD.encode("gb18030"))

    with pytest.raises(RegistryError, match=r":2 is not UTF-8"):
        load_system(file)


def test_unknown_keys_of_a_connection_are_answered_with_those_of_its_technology(
    tmp_path: Path,
) -> None:
    text = GOOD.replace("technology: postgresql", "technology: csv\n  encoding: utf-8")
    file = write(tmp_path, text.replace("  schema: huji", "  delimeter: x"))

    with pytest.raises(RegistryError, match=r"`connection\.delimeter`") as caught:
        load_system(file)
    assert caught.value.remedy == "Write `delimiter`."


def test_the_first_of_several_faults_is_named_and_the_others_counted(tmp_path: Path) -> None:
    file = write(tmp_path, GOOD.replace("mode: full", "mode: no").replace("type: date", "type: no"))

    with pytest.raises(RegistryError, match=r":21 .*\(1 more after it\)"):
        load_system(file)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="holds no registry file"):
        load_registry(tmp_path)


def test_two_files_do_not_describe_one_department_in_two_ways(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    other = GOOD.replace("system: household_register", "system: traffic").replace(
        "临沂市公安局", "临沂公安"
    )
    write(tmp_path, other, path="public_security/traffic.yml")

    with pytest.raises(RegistryError, match=r"traffic\.yml:1 describes department") as caught:
        load_registry(tmp_path)
    assert "same name and uscc" in caught.value.remedy


def test_two_departments_do_not_give_one_system_code(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(
        tmp_path,
        GOOD.replace("code: public_security", "code: civil_affairs"),
        path="civil_affairs/household_register.yml",
    )

    with pytest.raises(RegistryError, match="declares system `household_register`, which"):
        load_registry(tmp_path)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("household_registre", "Write one of: household_register. `citybase source list` shows"),
        ("public_security", "Write one of: household_register. `citybase source list` shows"),
        ("户籍管理系统", "Write one of: household_register. `citybase source list` shows"),
        ("nosuch", "`citybase source list` shows all 1."),
    ],
)
def test_an_unknown_system_is_answered_with_its_neighbours(
    tmp_path: Path, code: str, remedy: str
) -> None:
    write(tmp_path, GOOD)
    registry: Registry = load_registry(tmp_path)

    with pytest.raises(RegistryError) as caught:
        registry.system(code)
    assert caught.value.remedy.startswith(remedy)
