"""Tables about people say what the truth says of them, row by row, and in each county's dialect."""

import collections
import re
from collections.abc import Iterator

import duckdb
import pytest

from citybase.settings import project_root
from sources.registry import Registry
from sources.simulator.grid_dialects import (
    CODE_SETS,
    COUNTIES_WRITE,
    GRID_SYSTEMS,
    STYLES,
    dialect_rows,
)
from sources.simulator.people_tables import PEOPLE_TABLES
from sources.simulator.places import COUNTIES
from sources.simulator.records_person import PersonTable
from tests.unit.simulator.plain import in_18_digits, is_resident_number, normalised

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection

_TEXT = {"padded", "full_width", "lower_x", "cyrillic_x"}
_WRONG = {"number_digit_typo", "number_transposed", "number_of_another"}
_TRUE = (
    "person.number, number_otherwise, second_number, person.name, name_otherwise, person.phone,"
    " phone_after, person.birth_date, address_now, address_before, moved_date"
)


def _relation(table: PersonTable) -> str:
    return f"source.{table.system}__{table.table}"


def _rows(city: Connection, relation: str, **columns: str) -> Iterator[dict[str, object]]:
    """Each row as written, with what is true of the person it is about; absent columns are null."""
    written = ", ".join(f"record.{column} as w_{name}" for name, column in columns.items())
    found = city.execute(
        f"select {written}, record._defects as defects, _has_valid_number as is_valid,"
        f" _is_landable as is_landable, {_TRUE}"
        f" from {relation} as record inner join person_life as person"
        " on record._person_id = person.person_id"
    )
    names = [column[0] for column in found.description]
    for row in found.fetchall():
        yield dict(zip(names, row, strict=True))


def _defects(row: dict[str, object]) -> set[str]:
    return set(filter(None, str(row["defects"]).split(",")))


def _check_number(row: dict[str, object]) -> None:
    written, defects = row["w_number"], _defects(row)
    true = {row["number"], row["number_otherwise"], row["second_number"]} - {None}
    assert (written is None) == ("number_missing" in defects)
    if written is None:
        assert not row["is_valid"]
        return
    text = str(written)
    plain = normalised(text) or ""
    assert (text != plain) == bool(defects & _TEXT), (text, defects)
    assert (len(plain) == 15 and plain.isdigit()) == ("number_15_digits" in defects)
    is_his = in_18_digits(plain) in true
    assert is_his != bool(defects & _WRONG), defects
    if defects & {"number_digit_typo", "number_transposed"}:
        assert not is_resident_number(plain)
    assert not row["is_valid"] or is_his


def _check_name(row: dict[str, object]) -> None:
    is_variant = row["w_name"] not in {row["name"], row["name_otherwise"]}
    assert is_variant == ("name_variant" in _defects(row))


def _check_phone(row: dict[str, object]) -> None:
    defects, phone = _defects(row), row["w_phone"]
    if row["phone"] is not None:
        assert (phone is None) == ("phone_missing" in defects)
        is_other = phone is not None and phone not in {row["phone"], row["phone_after"]}
        assert is_other == ("phone_changed" in defects)


def _check_birth(row: dict[str, object]) -> None:
    written, defects = str(row["w_birth"]), _defects(row)
    is_none = written == "不详" or written.endswith("-02-30")
    assert is_none == bool(defects & {"date_impossible", "date_unknown"})
    assert is_none <= (not row["is_landable"])
    if not is_none:
        assert (written != str(row["birth_date"])) == ("birth_swapped" in defects)


_COLUMNS = {
    "number": ("id_number", "holder_code", "debtor_code"),
    "name": ("name", "holder_name", "debtor_name", "caller_name"),
    "phone": ("phone", "caller_phone"),
    "birth": ("birth_date",),
    "address": ("address",),
}


@pytest.mark.parametrize("table", PEOPLE_TABLES, ids=lambda table: table.purpose)
def test_the_truth_names_exactly_what_is_written_wrongly(
    city: Connection, table: PersonTable
) -> None:
    columns = {
        name: column
        for name, candidates in _COLUMNS.items()
        for column in candidates
        # the telephone of a pupil is the guardian's
        if column in table.columns and (name != "phone" or table.companion is None)
    }
    rows = 0
    for row in _rows(city, _relation(table), **columns):
        rows += 1
        if "number" in columns:
            _check_number(row)
        if "name" in columns:
            _check_name(row)
        if "phone" in columns:
            _check_phone(row)
        if "birth" in columns:
            _check_birth(row)
        if "address" in columns and row["address_now"] != row["address_before"]:
            is_stale = row["w_address"] == row["address_before"]
            assert is_stale == ("address_stale" in _defects(row))
    assert rows > 20


@pytest.mark.parametrize("system", GRID_SYSTEMS)
def test_a_county_names_exactly_what_is_written_wrongly(city: Connection, system: str) -> None:
    manner = COUNTIES_WRITE[system]
    rows = 0
    for row in _rows(
        city,
        f"source.{system}__resident",
        number="id_number",
        name="name",
        phone="phone",
        birth="birth_date",
        address="address",
        division="division_code",
    ):
        rows += 1
        for check in (_check_number, _check_name, _check_phone, _check_birth):
            check(row)
        defects, address = _defects(row), str(row["w_address"])
        assert ("苍山县" in address) == ("place_renamed" in defects)
        assert address.startswith("山东省") == (manner["address"] != "short")
        full = address.replace("苍山县", "兰陵县")
        full = full if full.startswith("山东省") else "山东省临沂市" + full
        if row["address_now"] != row["address_before"]:
            assert (full == row["address_before"]) == ("address_stale" in defects)
        division = str(row["w_division"])
        assert ("division_former" in defects) == (
            division.startswith("3728") or division == "苍山县"
        )
    assert rows > 500


def _shares(city: Connection, relations: list[str]) -> tuple[collections.Counter[str], int]:
    counter: collections.Counter[str] = collections.Counter()
    total = 0
    for relation in relations:
        for (defects,) in city.execute(f"select _defects from {relation}").fetchall():
            counter.update(filter(None, defects.split(",")))
            total += 1
    return counter, total


def test_prevalences_are_those_of_the_page(city: Connection) -> None:
    relations = [f"source.{system}__resident" for system in GRID_SYSTEMS]
    relations.append("source.medical_insurance__participant")
    counted, total = _shares(city, relations)

    def share(*defects: str) -> float:
        return sum(counted[defect] for defect in defects) / total

    assert share("name_variant") == pytest.approx(0.01, abs=0.002)
    assert share(*_WRONG) == pytest.approx(0.004, abs=0.0012)
    assert share("number_15_digits") == pytest.approx(0.008, abs=0.0018)
    assert share(*_TEXT) == pytest.approx(0.01, abs=0.002)
    assert share("birth_swapped") == pytest.approx(0.001, abs=0.0006)
    assert share("address_stale") == pytest.approx(0.25, abs=0.03)
    missing, people = _shares(city, relations[:-1])
    assert missing["number_missing"] / people == pytest.approx(0.02, abs=0.003)
    with_phone = city.execute(
        "select count(*) filter (where _defects like '%phone_missing%') / count(*),"
        " count(*) filter (where _defects like '%phone_changed%') / count(*)"
        " from source.medical_insurance__participant"
        " inner join person_life on _person_id = person_id where person_life.phone is not null"
    ).fetchone()
    assert with_phone is not None
    assert with_phone[0] == pytest.approx(0.30, abs=0.015)
    assert with_phone[1] == pytest.approx(0.15, abs=0.015)


@pytest.mark.parametrize(
    ("relation", "of", "share"),
    [
        ("medical_insurance__participant", "death_date is null and not is_migrant", 0.92),
        ("tax_register__individual", "age_days between 6600 and 21900 and death_date is null",
         0.45),
        ("veteran_register__veteran", "sex_code = '1' and age_days > 13880 and death_date is null"
         " and is_registered", 0.04),
        ("disability_register__disabled_person", "age_days > 1000 and death_date is null"
         " and is_registered", 0.03),
        ("assistance_register__recipient", "death_date is null and is_registered", 0.02),
        ("enforcement_case__debtor", "age_days > 7300", 0.008),
        ("student_register__student", "age_days between 2250 and 6600 and death_date is null",
         0.97),
    ],
)  # fmt: skip
def test_a_table_covers_whom_it_should(
    city: Connection, relation: str, of: str, share: float
) -> None:
    row = city.execute(
        f"""
        select count(record._person_id), count(*)
        from person_life
        left join (select distinct _person_id from source.{relation}) as record
            on person_id = record._person_id
        where {of}
        """
    ).fetchone()
    assert row is not None
    within = 5 * (share * (1 - share) / row[1]) ** 0.5
    assert row[0] / row[1] == pytest.approx(share, abs=within + 0.003)


def test_the_counties_know_nine_of_ten_who_live_there(city: Connection) -> None:
    union = " union ".join(f"select _person_id from source.{s}__resident" for s in GRID_SYSTEMS)
    row = city.execute(
        f"select count(record._person_id) / count(*),"
        " count(record._person_id) filter (where number_kind <> 'resident_number')"
        f" from person_life left join ({union}) as record on person_id = record._person_id"
        " where death_date is null"
    ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(0.9, abs=0.01)
    assert row[1] > 0


def test_a_pupil_stands_with_a_parent(city: Connection) -> None:
    rows = city.execute(
        "select guardian_number, guardian_relation_name, _guardian_defects, parent.number,"
        " parent.number_otherwise, parent.second_number, parent.sex_code, school_code"
        " from source.student_register__student"
        " left join person_life as parent on _guardian_person_id = parent.person_id"
    ).fetchall()
    assert sum(row[3] is None for row in rows) < 0.1 * len(rows)
    for written, relation, defects, number, otherwise, second, sex, _ in rows:
        if number is None:
            assert written is relation is None
            continue
        found = in_18_digits(normalised(written) or "")
        assert (found in {number, otherwise, second}) != any(d in defects for d in _WRONG)
        assert relation == ("父亲" if sex == "1" else "母亲")
    known = {code for (code,) in city.execute(
        "select school_code from source.student_register__school").fetchall()}  # fmt: skip
    assert {row[-1] for row in rows} - {None} <= known


def test_each_county_writes_its_own_dialect_and_nothing_else(city: Connection) -> None:
    columns = {
        "resident": dict(zip(CODE_SETS[:6], ("sex", *CODE_SETS[1:6]), strict=True)),
        "merchant": {"merchant_kind": "merchant_kind", "merchant_status": "status"},
        "subsidy": {"subsidy_item": "subsidy_item"},
    }
    for system in GRID_SYSTEMS:
        for table, sets in columns.items():
            for code_set, column in sets.items():
                allowed = set(STYLES[code_set][COUNTIES_WRITE[system][code_set]].values())
                query = f"select distinct {column} from source.{system}__{table}"
                found = {value for (value,) in city.execute(query).fetchall()} - {None}
                assert found <= allowed, (system, code_set)
                assert len(found) >= min(2, len(allowed)), (system, code_set)


def test_a_dialect_says_what_is_true(city: Connection) -> None:
    for system in GRID_SYSTEMS:
        style = STYLES["sex"][COUNTIES_WRITE[system]["sex"]]
        peoples = STYLES["ethnicity"][COUNTIES_WRITE[system]["ethnicity"]]
        for written, sex, people, ethnicity in city.execute(
            "select sex, sex_code, ethnicity, ethnicity_code"
            f" from source.{system}__resident inner join person_life on _person_id = person_id"
        ).fetchall():
            assert written == style[sex]
            assert people == (None if ethnicity is None else peoples[ethnicity])


def test_the_page_lists_every_dialect(registry: Registry) -> None:
    page = (project_root() / "docs" / "county-dialects.md").read_text(encoding="utf-8")
    lines = {tuple(re.split(r" \| ", line.strip("| \n"))) for line in page.splitlines()}
    for system, styles in COUNTIES_WRITE.items():
        assert (system, *styles.values()) in lines
    for code_set in set(CODE_SETS) - {"ethnicity"}:
        for style, written in STYLES[code_set].items():
            listed = ", ".join(f"{value} {word}" for value, word in written.items())
            assert (code_set, style, listed) in lines
    counties = {s.county: s.system for s in registry.systems if s.shape == "county_grid"}
    assert tuple(counties[county.code] for county in COUNTIES) == GRID_SYSTEMS
    assert len({row[:3] for row in dialect_rows()}) == len(list(dialect_rows()))


def test_a_workbook_rounds_only_numbers_the_truth_knows_of(city: Connection) -> None:
    relations = [f"source.{_t}" for _t in (
        "veteran_register__veteran", "disability_register__disabled_person",
        "assistance_register__recipient", "grid_yinan__resident", "grid_mengyin__resident",
    )]  # fmt: skip
    marked = total = 0
    for relation in relations:
        for damage, number, defects, is_landable in city.execute(
            f"select _excel_damage, id_number, _defects, _is_landable from {relation}"
        ).fetchall():
            total += 1
            assert (damage == "id_as_number") == ("id_as_number" in defects)
            if damage:
                marked += 1
                assert re.fullmatch(r"[0-9]{18}", number)
                assert not is_landable
    assert 0 < marked < 0.01 * total
