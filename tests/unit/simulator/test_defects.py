"""Damage comes as often as documented, and the truth about it is the truth."""

import collections

import duckdb
import pytest

from sources.simulator.defects import _RIGHT, _WRONG
from tests.unit.simulator.plain import in_18_digits, is_resident_number, normalised

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection

# table, id column, truth columns' prefix
_NUMBERS = [
    ("household_register__resident", "id_number", ""),
    ("social_security__insured_person", "id_number", ""),
    ("health_record__resident_record", "id_number", ""),
    ("health_record__death_certificate", "id_number", ""),
    ("civil_registry__cremation", "id_number", ""),
    ("civil_registry__marriage_registration", "male_id_number", "male_"),
    ("civil_registry__marriage_registration", "female_id_number", "female_"),
]


@pytest.fixture(scope="module")
def numbers(city: Connection) -> dict[int, set[str]]:
    """Every number a person bears or bore, on any of his cards."""
    borne = collections.defaultdict(set)
    for person, number in city.execute(
        "select person_id, unnest([number, number_otherwise]) from person_life"
        " union all select person_id, number from person_card"
    ).fetchall():
        if number is not None:
            borne[person].add(number)
    return borne


@pytest.mark.parametrize(("table", "column", "prefix"), _NUMBERS)
def test_a_number_is_called_valid_exactly_when_it_is_the_persons(
    city: Connection, numbers: dict[int, set[str]], table: str, column: str, prefix: str
) -> None:
    rows = city.execute(
        f"select {column}, _{prefix}person_id, _{prefix}has_valid_number, _{prefix}defects"
        f" from source.{table} where _{prefix}person_id is not null"
    ).fetchall()
    assert rows
    for written, person, is_valid, defects in rows:
        found = normalised(written)
        upgraded = in_18_digits(found) if found is not None else None
        assert is_valid == (upgraded in numbers[person]), defects
        if "number_digit_typo" in defects or "number_transposed" in defects:
            assert not is_resident_number(found or "")
        if "number_of_another" in defects:
            assert is_resident_number(found or "") or len(found or "") < 18


@pytest.mark.parametrize(("table", "column", "prefix"), _NUMBERS)
def test_an_outdated_number_or_name_is_called_former(
    city: Connection, table: str, column: str, prefix: str
) -> None:
    """Exactly the undamaged numbers that are not the person's of today."""
    rows = city.execute(
        f"select written.{column}, written.{prefix}name, life.number, number_otherwise,"
        f" second_number, name_otherwise, _{prefix}defects from source.{table} as written"
        f" inner join person_life as life on _{prefix}person_id = life.person_id"
    ).fetchall()
    former_numbers = former_names = 0
    for written, name_written, number, former, second, former_name, defects in rows:
        found = normalised(written)
        is_plain = found is not None and in_18_digits(found) in {number, former, second}
        if is_plain:
            is_former = former is not None and in_18_digits(found or "") == former
            assert is_former == ("number_former" in defects)
            former_numbers += is_former
        if former_name is not None and "name_variant" not in defects:
            assert (name_written == former_name) == ("name_former" in defects)
            former_names += name_written == former_name
    if table == "household_register__resident":
        assert former_numbers == former_names == 0
    if table == "health_record__resident_record":
        assert former_names > 0


def test_a_number_of_another_is_borne_by_somebody(city: Connection) -> None:
    bearers = {number for (number,) in city.execute("select number from person_life").fetchall()}
    wrong = city.execute(
        "select id_number from source.social_security__insured_person"
        " where _defects like '%number_of_another%'"
    ).fetchall()
    assert wrong
    assert all(normalised(number) in bearers for (number,) in wrong)


def _shares(city: Connection) -> tuple[dict[str, float], int]:
    """Share of each defect over the records of people in three large tables."""
    counter: collections.Counter[str] = collections.Counter()
    total = 0
    for table in (
        "household_register__resident",
        "social_security__insured_person",
        "health_record__resident_record",
    ):
        for (defects,) in city.execute(f"select _defects from source.{table}").fetchall():
            counter.update(filter(None, defects.split(",")))
            total += 1
    return {defect: count / total for defect, count in counter.items()}, total


def _is_about(share: float, expected: float, total: int) -> bool:
    return abs(share - expected) < 5 * (expected * (1 - expected) / total) ** 0.5 + 0.06 * expected


def test_numbers_are_damaged_as_often_as_documented(city: Connection) -> None:
    shares, total = _shares(city)
    assert _is_about(shares["number_15_digits"], 0.008, total)
    assert _is_about(shares["number_digit_typo"], 0.002, total)
    assert _is_about(shares["number_transposed"], 0.001, total)
    assert _is_about(shares["number_of_another"], 0.001, total)
    text = sum(shares.get(kind, 0.0) for kind in ("padded", "full_width", "lower_x", "cyrillic_x"))
    assert _is_about(text, 0.01, total)
    assert all(shares.get(kind, 0) > 0 for kind in ("padded", "full_width", "lower_x"))
    assert _is_about(shares["birth_swapped"], 0.001, total)


def test_what_only_some_departments_do_wrong(city: Connection) -> None:
    def share(table: str, condition: str) -> float:
        row = city.execute(
            f"select count(*) filter (where {condition}) / count(*) from source.{table}"
        ).fetchone()
        assert row is not None
        return float(row[0])

    file, insured = "health_record__resident_record", "social_security__insured_person"
    police = "household_register__resident"
    assert share(file, "id_number is null") == pytest.approx(0.02, abs=0.004)
    assert share(police, "id_number is null") == 0
    for table in (file, insured):
        assert share(table, "_defects like '%name_variant%'") == pytest.approx(0.01, abs=0.002)
        assert share(table, "_defects like '%address_stale%'") == pytest.approx(0.25, abs=0.03)
    assert share(police, "_defects like '%name_variant%'") == pytest.approx(0.001, abs=0.0008)
    assert share(insured, "phone is null") == pytest.approx(0.30, abs=0.01)
    assert share(insured, "_defects like '%phone_changed%'") == pytest.approx(0.15, abs=0.01)
    assert share(file, "_defects like '%sex_wrong%'") == pytest.approx(0.001, abs=0.0008)
    assert share(file, "_defects like '%birth_wrong%'") == pytest.approx(0.001, abs=0.0008)


def test_a_stale_address_was_written_before_the_move(city: Connection) -> None:
    rows = city.execute(
        "select _defects, address, updated_at, moved_date, address_now, address_before"
        " from source.social_security__insured_person"
        " inner join person on _person_id = person_id inner join household using (household_id)"
        " where moved_date is not null"
    ).fetchall()
    assert rows
    for defects, address, updated_at, moved_date, now, before in rows:
        is_stale = "address_stale" in defects
        assert is_stale == (updated_at.date() < moved_date)
        assert address == (before if is_stale else now)


def test_every_technology_holds_values_that_cannot_be_read(city: Connection) -> None:
    queries = {
        "impossible date": "select count(*) from source.health_record__resident_record"
        " where try_strptime(birth_date, '%Y%m%d') is null",
        "text for a date": "select count(*) from source.civil_registry__marriage_registration"
        " where try_cast(registered_date as date) is null",
        "NaN": "select count(*) from source.enterprise_register__enterprise where _capital_is_nan",
        "short line": "select count(*) from source.student_register__student"
        " where _line_damage = 'short'",
        "no characters": "select count(*) from source.student_register__student"
        " where _line_damage = 'bytes'",
    }
    for what, query in queries.items():
        row = city.execute(query).fetchone()
        assert row is not None
        assert row[0] > 0, what
    unreadable = city.execute(
        "select (select count(*) from source.health_record__resident_record where _is_landable"
        " and try_strptime(birth_date, '%Y%m%d') is null), (select count(*) from"
        " source.student_register__student where _is_landable and _line_damage is not null)"
    ).fetchone()
    assert unreadable == (0, 0)


def test_the_confusable_characters_stand_opposite_each_other() -> None:
    assert len(_RIGHT) == len(_WRONG) == len(set(_RIGHT))
    assert all(right != wrong for right, wrong in zip(_RIGHT, _WRONG, strict=True))
