"""Who holds a licence, which version is the current one, is it valid: told as small stories.

A scratch project runs the product's own licence models over records that are written down here.
"""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from tests.unit.identifiers.standard import resident_check
from tests.unit.models.scratch import HOME, build, warehouse, written

pytestmark = pytest.mark.unit

MODELS = (
    "holder_listed",
    "holder",
    "operation_placed",
    "operation_replayed",
    "version_chained",
    "licence_resolved",
)
MARRIAGE, ESTATE, VEHICLE = (
    "111000000000133708002",
    "11100000MB03271699001",
    "11100000000013338W033",
)


def number(birth: str, sequence: int) -> str:
    stem = f"371302{birth}{sequence:03d}"
    return stem + resident_check(stem)


WANG, ZHAO, DEAD = number("19700101", 11), number("19710202", 22), number("19400303", 33)
SHARED = number("19750505", 55)
BANK, COMPANY = "91110000600037341L", "91460100MA5THWMM2J"
# person_key, number, name, day of death
PEOPLE = [
    (1, WANG, "王建国", ""),
    (2, ZHAO, "赵秀英", ""),
    (3, DEAD, "孙德福", "2024-01-01"),
    (4, SHARED, "周文华", ""),
    (5, SHARED, "吴海燕", ""),
]


@dataclass
class Register:
    """Licences and operations written down, by label."""

    licences: list[dict[str, str]] = field(default_factory=list)
    operations: list[dict[str, str]] = field(default_factory=list)

    def issue(self, label: str, serial: str, version: int, day: str, **written: str) -> str:
        """One licence version; returns its identifier."""
        kind = written.pop("kind", VEHICLE)
        issuer = written.pop("issuer", BANK)
        anchor = f"{kind}.{issuer}.{serial}"
        identifier = f"1.2.156.3005.2.{anchor}.{version:03d}.A"
        row = {
            "licence_key": str(len(self.licences) + 1),
            "source_key": label,
            "licence_identifier": identifier,
            "is_well_formed": "true",
            "chain_anchor": anchor,
            "identity_anchor": f"licence:{identifier}",
            "version_no": str(version),
            "licence_type_code": kind,
            "holder_name": "王建国",
            "holder_code": WANG,
            "holder_code_type": "111",
            "stated_state_code": "01",
            "issued_date": day,
            "valid_from": day,
            "valid_to_grade_code": "open",
            "source_at": f"{day} 09:00:00",
        }
        self.licences.append({**row, **written})
        return identifier

    def operate(self, label: str, *steps: tuple[str, str]) -> None:
        """The log of a licence: code and day of each operation."""
        for code, day in steps:
            self.operations.append(
                {
                    "source_key": f"{label} {len(self.operations)}",
                    "licence_source_key": label,
                    "operation_code": code,
                    "operated_at": f"{day} 10:00:00" if day else "",
                }
            )


_LICENCE_SQL = """
select
    cast(licence_key as bigint) as licence_key, 'licences' as system_code, source_key,
    licence_identifier, is_well_formed = 'true' as is_well_formed, chain_anchor, identity_anchor,
    cast(version_no as integer) as version_no, licence_type_code, holder_name, holder_code,
    holder_code_type, stated_state_code, previous_identifier,
    cast(issued_date as date) as issued_date, cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to, valid_to_grade_code,
    cast(source_at as timestamp) as source_at,
    'organisation' as issuer_reference_kind_code, '000000000' as issuer_reference_number
from read_csv('{path}', all_varchar = true, header = true)
"""
_OPERATION_SQL = """
select
    * replace (cast(operated_at as timestamp) as operated_at), 'licences' as system_code,
    cast(null as varchar) as licence_identifier,
    cast(null as varchar) as previous_identifier, cast(null as varchar) as operator_name,
    cast(null as varchar) as reason, cast(null as timestamp) as source_at
from read_csv('{path}', all_varchar = true, header = true)
"""
_KEYED_SQL = """
select licence_key, system_code, source_key, true as is_leading
from {{ ref('int_licence__licence_record') }}
"""
_NAMES_SQL = """
select person.person_key, reading.reading as name_reading
from {{ ref('lib_population__entity_person') }} as person
inner join ({{ name_readings(ref('lib_population__entity_person')) }}) as reading
    on person.name = reading.name
"""
_IDENTIFIER_SQL = f"""
select * from (values ('organisation', '{BANK[8:17]}', 11), ('organisation', '{COMPANY[8:17]}', 12))
    as t (identifier_kind_code, identifier_number, entity_key)
"""
_ORGANISATION_SQL = """
select entity_key, '1' as status_code, cast(null as date) as ended_date
from (values (11), (12)) as t (entity_key)
"""
_RELATION_SQL = """
select 1 as entity_key, 2 as related_entity_key, 'successor_of' as relation_code where false
"""


def holders(register: Register) -> None:
    """Several holders in one text."""

    def hold(label: str, names: str, codes: str, types: str, kind: str = ESTATE) -> None:
        register.issue(
            label,
            f"H{len(register.licences)}",
            1,
            "2020-01-01",
            kind=kind,
            holder_name=names,
            holder_code=codes,
            holder_code_type=types,
        )

    hold("semicolon", "王建国;赵秀英", f"{WANG};{ZHAO}", "111;111")
    hold("ideographic comma", "王建国、赵秀英", f"{WANG}、{ZHAO}", "111")
    hold("wide comma", "王建国\uff0c赵秀英", f" {WANG} \uff0c{ZHAO}", "111\uff0c111")
    hold("slash", "王建国/赵秀英", f"{WANG}/{ZHAO}", "111/111")
    hold("blanks", "王建国　赵秀英", f"{WANG} {ZHAO}", "111 111")
    hold("names by one, numbers by another", "王建国 赵秀英", f"{WANG}、{ZHAO}", "111")
    hold("blanks inside a number", "王建国", f"{WANG[:6]} {WANG[6:14]} {WANG[14:]}", "111")
    hold("a missing code in between", "王建国、李四、赵秀英", f"{WANG}、无、{ZHAO}", "111")
    hold("a missing code at the end", "王建国;李四", f"{WANG};", "111")
    hold("a separator too many", "王建国;赵秀英;", f"{WANG};{ZHAO}", "111")
    hold("no codes at all", "王建国、赵秀英", "/", "111")
    hold("fewer codes than names", "王建国、赵秀英", ZHAO, "111、111")
    hold("fewer names than codes", "王建国", f"{WANG}、{ZHAO}", "111")
    hold("a code of none of the names", "李四、赵六、钱七", f"{WANG}、{ZHAO}", "111")
    hold("owner and bank", "王建国、工商银行", f"{WANG}、{BANK}", "111、001")
    hold("types left out", "王建国、工商银行", f"{WANG}、{BANK}", "")
    hold("a company with a comma", "甲、乙联合公司", COMPANY, "001")
    hold("number of another", "刘长顺", WANG, "111")
    hold("the name chooses", "吴海燕", SHARED, "111")
    hold("no name to choose by", "", SHARED, "111")
    hold("nobody knows him", "刘长顺", number("19880808", 77), "111")
    hold("a code that is none", "丙公司", "91460100MA5THWMM2K", "001")
    for kind, label in ((MARRIAGE, "marriage"), (ESTATE, "estate"), (VEHICLE, "vehicle")):
        hold(f"{label}, one dead", "王建国、孙德福", f"{WANG}、{DEAD}", "111", kind)
        hold(f"{label}, all dead", "孙德福", DEAD, "111", kind)


def chains(register: Register) -> None:
    """Versions that follow one another, or do not."""
    first = register.issue("plain 1", "P", 1, "2015-01-01")
    second = register.issue("plain 2", "P", 2, "2018-01-01", previous_identifier=first)
    register.issue("plain 3", "P", 3, "2021-01-01", previous_identifier=second)
    register.issue("unstated 1", "U", 1, "2015-01-01")
    register.issue("unstated 2", "U", 2, "2018-01-01")
    register.issue("tomorrow 1", "T", 1, "2015-01-01")
    register.issue("tomorrow 2", "T", 2, "2026-02-01")

    first = register.issue("gap 1", "G", 1, "2015-01-01")
    missing = first.replace(".001.A", ".002.A")
    register.issue("gap 3", "G", 3, "2021-01-01", previous_identifier=missing)
    # the version under the old issuer, the missing one, and the one under the new issuer
    register.issue("reform 1", "R", 1, "2015-01-01", issuer=BANK)
    missing = f"1.2.156.3005.2.{VEHICLE}.{COMPANY}.R.002.A"
    register.issue("reform 3", "R", 3, "2021-01-01", issuer=COMPANY, previous_identifier=missing)
    register.issue("late start 2", "L", 2, "2021-01-01")

    first = register.issue("fork 1", "F", 1, "2015-01-01")
    register.issue("fork 2", "F", 2, "2018-01-01", previous_identifier=first)
    register.issue("fork 3", "F", 3, "2021-01-01", previous_identifier=first)

    first = register.issue("moved 1", "M", 1, "2015-01-01")
    second = register.issue(
        "moved 2", "N", 1, "2018-01-01", issuer=COMPANY, previous_identifier=first
    )
    register.issue("moved back 3", "M", 2, "2021-01-01", previous_identifier=second)
    register.issue(
        "from elsewhere", "E", 1, "2018-01-01", previous_identifier=first.replace("M", "Z")
    )
    register.operate("from elsewhere", ("08", "2018-01-01"))

    other = f"1.2.156.3005.2.{VEHICLE}.{BANK}.C2.001.A"
    first = register.issue("circle 1", "C1", 1, "2015-01-01", previous_identifier=other)
    register.issue("circle 2", "C2", 1, "2018-01-01", previous_identifier=first)


def logs(register: Register) -> None:
    """Operations and what they make of a licence."""
    for label in ("quiet", "suspended", "given back", "cancelled", "renewed after the end"):
        register.issue(label, label.replace(" ", "").upper(), 1, "2020-01-01")
        register.operate(label, ("01", "2020-01-01"))
    register.operate("suspended", ("03", "2021-01-01"), ("03", "2021-01-01"))
    register.operate("given back", ("03", "2021-01-01"), ("06", "2021-02-01"))
    register.operate("cancelled", ("05", "2021-01-01"))
    register.operate("renewed after the end", ("05", "2021-01-01"), ("02", "2021-02-01"))
    register.operate("renewed after the end", ("02", "2031-01-01"), ("02", ""))
    register.operate("a licence nobody has", ("01", "2020-01-01"))
    register.issue("stale directory", "STALE", 1, "2020-01-01", stated_state_code="02", valid_to="")
    register.operate("stale directory", ("01", "2020-01-01"), ("03", "2020-01-01"))
    register.operate("stale directory", ("06", "2020-03-01"))


@pytest.fixture(scope="module")
def licences(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The warehouse of the scratch project."""
    folder = tmp_path_factory.mktemp("scratch_licences")
    files: dict[str, str | Path] = {
        f"models/int_licence__{name}.sql": HOME
        / f"models/intermediate/licence/int_licence__{name}.sql"
        for name in MODELS
    }
    for seed in ("code_character", "code_licence_type", "code_licence_transition"):
        files[f"seeds/{seed}.csv"] = HOME / f"seeds/code/{seed}.csv"
    register = Register()
    for tell in (holders, chains, logs):
        tell(register)
    people = ", ".join(str((key, no, name, death)) for key, no, name, death in PEOPLE)
    person = f"(values {people}) as t (person_key, number, name, death)"
    models = {
        "int_licence__licence_record": _LICENCE_SQL.format(
            path=written(folder / "licence.csv", register.licences)
        ),
        "stg_e_licence__operation": _OPERATION_SQL.format(
            path=written(folder / "operation.csv", register.operations)
        ),
        "int_licence__record_keyed": _KEYED_SQL,
        "lib_population__entity_person": "select person_key, name, death <> '' as is_deceased,"
        f" cast(nullif(death, '') as date) as death_date from {person}",
        "lib_population__link_person_identifier": "select person_key,"
        f" number as identifier_number from {person}",
        "lib_population__link_person_name": _NAMES_SQL,
        "lib_legal_entity__link_entity_identifier": _IDENTIFIER_SQL,
        "lib_legal_entity__entity_organisation": _ORGANISATION_SQL,
        "lib_legal_entity__link_entity_relation": _RELATION_SQL,
    }
    files |= {f"models/{name}.sql": sql for name, sql in models.items()}
    files["models/meta.yml"] = (
        "version: 2\nsources:\n  - {name: meta, schema: meta, tables: [{name: cut}]}\n"
    )
    with duckdb.connect(str(warehouse(folder))) as duck:
        duck.execute("create schema meta")
        duck.execute("create table meta.cut as select date '2025-12-31' as as_of_date")
    build(
        folder,
        files,
        settings="seeds: {+column_types: {from_state_code: varchar, operation_code: varchar,"
        " to_state_code: varchar, licence_type_code: varchar}}\n",
    )
    return duckdb.connect(str(warehouse(folder)))


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("semicolon", [1, 2]),
        ("ideographic comma", [1, 2]),
        ("wide comma", [1, 2]),
        ("slash", [1, 2]),
        ("blanks", [1, 2]),
        ("names by one, numbers by another", [1, 2]),
        ("blanks inside a number", [1]),
        ("a missing code in between", [1, "code_missing", 2]),
        ("a missing code at the end", [1, "code_missing"]),
        ("a separator too many", [1, 2]),
        ("no codes at all", ["code_missing", "code_missing"]),
        ("fewer codes than names", [2, "code_missing"]),
        ("fewer names than codes", [1, 2]),
        ("a code of none of the names", ["name_contradicts", "name_contradicts", "code_missing"]),
        ("owner and bank", [1, 11]),
        ("types left out", [1, 11]),
        ("a company with a comma", [12]),
        ("number of another", ["name_contradicts"]),
        ("the name chooses", [5]),
        ("no name to choose by", ["shared"]),
        ("nobody knows him", ["unknown"]),
        ("a code that is none", ["code_invalid"]),
    ],
)
def test_the_holders_of_a_licence(
    licences: duckdb.DuckDBPyConnection, label: str, found: list[int | str]
) -> None:
    rows = licences.execute(
        "select coalesce(person_key, entity_key), holder.reference_grade_code"
        " from int_licence__holder as holder"
        " inner join int_licence__licence_record using (licence_key)"
        " where source_key = ? order by holder_no",
        [label],
    ).fetchall()
    assert [grade if key is None else key for key, grade in rows] == found


CHAINS = [
    # label, predecessor, successor, current, missing versions, previous unknown, on a circle
    ("plain 1", None, "plain 2", False, 0, False, False),
    ("plain 2", "plain 1", "plain 3", False, 0, False, False),
    ("plain 3", "plain 2", None, True, 0, False, False),
    ("unstated 2", "unstated 1", None, True, 0, False, False),
    ("gap 1", None, "gap 3", False, 0, False, False),
    ("gap 3", "gap 1", None, True, 1, True, False),
    ("reform 1", None, "reform 3", False, 0, False, False),
    ("reform 3", "reform 1", None, True, 1, True, False),
    ("late start 2", None, None, True, 1, False, False),
    ("fork 1", None, "fork 3", False, 0, False, False),
    ("fork 2", "fork 1", None, False, 0, False, False),
    ("fork 3", "fork 1", None, True, 0, False, False),
    ("moved 1", None, "moved 2", False, 0, False, False),
    ("moved 2", "moved 1", "moved back 3", False, 0, False, False),
    ("moved back 3", "moved 2", None, True, 0, False, False),
    ("from elsewhere", None, None, True, 0, False, False),
    ("circle 1", None, None, False, 0, False, True),
    ("circle 2", None, None, True, 0, False, True),
]


@pytest.mark.parametrize("expected", CHAINS, ids=lambda row: str(row[0]))
def test_the_place_of_a_version_in_its_chain(
    licences: duckdb.DuckDBPyConnection, expected: tuple[object, ...]
) -> None:
    found = licences.execute(
        "select mine.source_key, before.source_key, after.source_key, is_current_version,"
        " missing_version_count, is_previous_unknown, is_on_circle"
        " from int_licence__version_chained as version"
        " inner join int_licence__licence_record as mine using (licence_key)"
        " left join int_licence__licence_record as before"
        " on version.predecessor_key = before.licence_key"
        " left join int_licence__licence_record as after"
        " on version.successor_key = after.licence_key where mine.source_key = ?",
        [expected[0]],
    ).fetchone()
    assert found == expected


def test_every_chain_has_one_current_version(licences: duckdb.DuckDBPyConnection) -> None:
    found = licences.execute(
        "select distinct count(*) filter (where is_current_version)"
        " from int_licence__version_chained group by chain_code"
    ).fetchall()
    assert found == [(1,)]
    joined = licences.execute(
        "select count(distinct chain_code) from int_licence__version_chained"
        " inner join int_licence__licence_record using (licence_key)"
        " where source_key like 'moved%' or source_key like 'circle%'"
    ).fetchone()
    assert joined == (2,)


@pytest.mark.parametrize(
    ("label", "reason", "state"),
    [
        ("semicolon", "valid", "01"),
        ("marriage, one dead", "holder_ended", "05"),
        ("marriage, all dead", "holder_ended", "05"),
        ("estate, one dead", "valid", "01"),
        ("estate, all dead", "holder_ended", "05"),
        ("vehicle, all dead", "valid", "01"),
        ("plain 2", "superseded", "05"),
        ("plain 3", "valid", "01"),
        ("fork 2", "superseded", "05"),
        ("tomorrow 1", "valid", "01"),
        ("tomorrow 2", "not_yet_valid", "99"),
        ("quiet", "valid", "01"),
        ("suspended", "suspended", "02"),
        ("given back", "valid", "01"),
        ("cancelled", "operated", "04"),
        ("renewed after the end", "operated", "04"),
        ("stale directory", "valid", "01"),
    ],
)
def test_whether_a_licence_is_valid(
    licences: duckdb.DuckDBPyConnection, label: str, reason: str, state: str
) -> None:
    found = licences.execute(
        "select computed_reason_code, computed_state_code from int_licence__licence_resolved"
        " where source_key = ?",
        [label],
    ).fetchone()
    assert found == (reason, state)


def test_what_has_no_place_in_a_log_says_why(licences: duckdb.DuckDBPyConnection) -> None:
    found = licences.execute(
        "select licence_source_key, operation_code, transition_reason_code"
        " from int_licence__operation_replayed"
        " inner join stg_e_licence__operation using (system_code, source_key, operation_code)"
        " where transition_reason_code is not null order by all"
    ).fetchall()
    assert found == [
        ("a licence nobody has", "01", "licence_unknown"),
        ("renewed after the end", "02", "after_the_end"),
        ("renewed after the end", "02", "in_the_future"),
        ("renewed after the end", "02", "time_missing"),
        ("suspended", "03", "repeated"),
    ]
