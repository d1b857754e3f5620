"""The people are plausible: numbers, ages, families, names."""

import datetime as dt

import duckdb
import pytest

from sources.simulator.places import COUNTIES
from tests.unit.simulator.conftest import PLAN
from tests.unit.simulator.plain import is_resident_number

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection


def _one(city: Connection, query: str) -> float:
    row = city.execute(query).fetchone()
    assert row is not None
    return float(row[0])


def test_there_are_as_many_as_planned(city: Connection) -> None:
    assert _one(city, "select count(*) from person") == PLAN.residents
    pairs = _one(city, "select count(*) from number_shared")
    assert pairs == PLAN.count(per_million_residents=25)
    assert _one(city, "select count(distinct number) from person") == PLAN.residents - pairs


def test_every_18_character_number_is_valid_and_says_birth_and_sex(city: Connection) -> None:
    rows = city.execute(
        "select number, birth_date, sex_code from person where length(number) = 18"
    ).fetchall()
    assert len(rows) > 0.99 * PLAN.residents
    for number, birth_date, sex_code in rows:
        assert is_resident_number(number)
        assert number[6:14] == f"{birth_date:%Y%m%d}"
        assert int(number[16]) % 2 == (1 if sex_code == "1" else 0)


def test_each_kind_of_foreign_paper_exists(city: Connection) -> None:
    patterns = {
        "residence_permit": r"8[123]0000\d{11}[\dX]",
        "permanent_resident_card": r"9\d{16}[\dX]",
        "permanent_resident_card_old": r"[A-Z]{3}\d{12}",
        "home_return_permit": r"[HM]\d{8}",
        "taiwan_travel_permit": r"\d{8}",
    }
    for kind, pattern in patterns.items():
        held = _one(city, f"select count(*) from person where number_kind = '{kind}'")
        fit = _one(
            city,
            f"select count(*) from person where number_kind = '{kind}'"
            f" and regexp_full_match(number, '{pattern}')",
        )
        assert held == fit > 0
        assert held < 0.003 * PLAN.residents


def test_the_age_pyramid_is_that_of_a_chinese_city(city: Connection) -> None:
    shares = {
        name: _one(city, f"select count(*) filter (where {ages}) / count(*) from person")
        for name, ages in {
            "under 15": "age_days < 15 * 365.25",
            "60 and over": "age_days >= 60 * 365.25",
            "80 and over": "age_days >= 80 * 365.25",
        }.items()
    }
    assert 0.16 < shares["under 15"] < 0.27
    assert 0.15 < shares["60 and over"] < 0.26
    assert 0.01 < shares["80 and over"] < 0.05
    assert (
        0.97
        < _one(
            city,
            "select count(*) filter (where sex_code = '1') / count(*) filter (where sex_code = '2')"
            " from person",
        )
        < 1.12
    )
    assert _one(city, "select min(age_days) from person") >= 0


def test_counties_hold_their_shares(city: Connection) -> None:
    rows = city.execute(
        "select getvariable('county_code')[county_now + 1], count(*) from household group by 1"
    ).fetchall()
    households = dict(rows)
    total, weights = sum(households.values()), sum(county.weight for county in COUNTIES)
    for county in COUNTIES:
        assert households[county.code] / total == pytest.approx(county.weight / weights, abs=0.015)


def test_the_area_is_the_code_in_force_when_the_number_was_given(city: Connection) -> None:
    """Nobody born before 1994 at the place has a code of after it, unless registered late."""
    late = _one(
        city,
        "select count(*) filter (where number like '3713%') / count(*) from person"
        " where is_registered and birth_date < date '1993-01-01'",
    )
    assert 0 < late < 0.01
    assert not city.execute(
        "select 1 from person where number like '3728%' and birth_date >= date '1994-01-01'"
    ).fetchall()
    away = _one(
        city,
        "select count(*) filter (where number not like '3713%' and number not like '3728%')"
        " / count(*) from person where is_registered",
    )
    assert 0.02 < away < 0.08


def test_children_are_younger_than_their_parents_and_bear_a_surname(city: Connection) -> None:
    rows = city.execute(
        """
        select child.birth_date, mother.birth_date, father.birth_date, child.name, father.name
        from person as child
        inner join couple on child.couple_id = couple.couple_id
        inner join person as mother on couple.wife_id = mother.person_id
        inner join person as father on couple.husband_id = father.person_id
        where child.role like 'child%'
        """
    ).fetchall()
    assert len(rows) > 1000
    same = 0
    for born, mother, father, name, of_father in rows:
        assert 20 * 365 < (born - mother).days < 45 * 365
        assert (born - father).days > 17 * 365
        same += name[0] == of_father[0]
    assert same / len(rows) > 0.95


def test_siblings_are_twins_or_some_months_apart(city: Connection) -> None:
    gaps = [
        days
        for (days,) in city.execute(
            "select child_2_birth - child_1_birth from couple"
            " where kind in ('two_children', 'three_generations')"
        ).fetchall()
    ]
    assert all(gap == 0 or gap > 300 for gap in gaps)


def test_married_at_legal_age_and_before_divorce(city: Connection) -> None:
    rows = city.execute(
        "select marriage_date, divorce_date, husband_birth, wife_birth from couple"
        " where marriage_date is not null"
    ).fetchall()
    young = 0
    for married, divorced, husband, wife in rows:
        young += (married - husband).days < 22 * 365 or (married - wife).days < 20 * 365
        assert divorced is None or divorced > married
    # The last day caps a few weddings of the youngest couples.
    assert young / len(rows) < 0.02


def test_rare_characters_are_borne_and_fit_gb18030(city: Connection) -> None:
    names = [name for (name,) in city.execute("select distinct name from person").fetchall()]
    four_bytes = [name for name in names if any(len(c.encode("gb18030")) == 4 for c in name)]
    assert four_bytes
    assert all(name.encode("gb18030").decode("gb18030") == name for name in names)


def test_the_dead_died_after_birth_and_before_today(city: Connection) -> None:
    assert _one(city, "select count(*) from person where death_date < birth_date") == 0
    latest = city.execute("select max(death_date) from person").fetchone()
    assert latest is not None
    assert dt.date(2025, 6, 1) < latest[0] <= PLAN.today
    assert 0.01 < _one(city, "select count(death_date) / count(*) from person") < 0.06
