"""Rare things come as often as the city's description says, counted in 110,000 people.

Tolerances are five standard deviations of a count, so a right generator fails once in a million.
"""

import collections
import math

import duckdb
import pytest

from sources.simulator.places import COUNTIES
from sources.simulator.vocabulary import compound_surnames
from tests.integration.simulator.conftest import MANY

pytestmark = pytest.mark.integration

Connection = duckdb.DuckDBPyConnection


def _one(city: Connection, query: str) -> float:
    row = city.execute(query).fetchone()
    assert row is not None
    return float(row[0])


def _comes_as_often(count: float, share: float, total: float) -> bool:
    return abs(count - share * total) < 5 * math.sqrt(share * (1 - share) * total)


@pytest.mark.parametrize(
    ("what", "share", "of"),
    [
        # two of 1.5 % of those born are the twins of one birth: pairs are the chance event
        ("is_second_twin", 0.0075, "role like 'child%'"),
        ("number_date <= getvariable('today')", 0.0003 * 0.93, "is_registered"),
        ("name_date <= getvariable('today')", 0.002 * 0.93, "not number_kind like 'permanent%'"),
        ("other_number is not null", 0.02, "true"),
    ],
)
def test_people_have_it_as_often_as_said(
    many_people: Connection, what: str, share: float, of: str
) -> None:
    count = _one(many_people, f"select count(*) from person_life where {of} and {what}")
    total = _one(many_people, f"select count(*) from person_life where {of}")
    assert count > 0
    assert _comes_as_often(count, share, total), (count, share * total)


def test_two_people_with_one_number_are_50_in_a_million(many_people: Connection) -> None:
    pairs = many_people.execute(
        """
        select first.number, second.number, first.birth_date, second.birth_date, first.sex_code,
            second.sex_code, first.is_registered, second.is_registered, is_hidden,
            first.registered_county, second.registered_county, second_person_id
        from number_shared
        inner join person_life as first on first_person_id = first.person_id
        inner join person_life as second on second_person_id = second.person_id
        """
    ).fetchall()
    assert len(pairs) == round(MANY.residents * 25 / 1_000_000)
    assert {hidden for *_, hidden, _, _, _ in pairs} == {True, False}
    for one, other, born, born_too, sex, sex_too, known, known_too, hidden, here, there, _ in pairs:
        assert (one, born, sex) == (other, born_too, sex_too)
        assert one[6:14] == f"{born:%Y%m%d}"
        assert known
        assert known_too != hidden
        assert here != there
    shared = many_people.execute(
        "select number from person group by number having count(*) > 1"
    ).fetchall()
    assert {number for (number,) in shared} == {pair[0] for pair in pairs}
    hidden = [pair[-1] for pair in pairs if pair[8]]
    files = many_people.execute(
        "select distinct _person_id from source.health_record__resident_record"
        f" where _person_id in ({', '.join(map(str, hidden))}) and _defects like '%number_shared%'"
    ).fetchall()
    assert len(files) > 0


def _slope(counts: list[int], first: int, last: int) -> float:
    """Of log count over log rank."""
    points = [(math.log(rank), math.log(counts[rank - 1])) for rank in range(first, last + 1)]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    together = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return float(together / sum((x - mean_x) ** 2 for x, _ in points))


def test_names_follow_zipf_with_exponent_about_one(many_people: Connection) -> None:
    surnames: collections.Counter[str] = collections.Counter()
    given: collections.Counter[str] = collections.Counter()
    for name, is_young_man in many_people.execute(
        "select name, sex_code = '1' and birth_date >= date '1980-01-01' from person"
        " where number_kind not like 'permanent%'"
    ).fetchall():
        cut = 2 if name[:2] in compound_surnames() else 1
        surnames[name[:cut]] += 1
        if is_young_man:
            given[name[cut:]] += 1
    of_surnames = sorted(surnames.values(), reverse=True)
    of_given = sorted(given.values(), reverse=True)
    assert -1.15 < _slope(of_surnames, 3, 60) < -0.8
    assert -1.15 < _slope(of_given, 10, 300) < -0.85
    assert of_surnames[0] / sum(of_surnames) < 0.12
    assert of_given[0] / sum(of_given) < 0.03


def test_namesakes_with_one_birthday_exist_and_are_rare(many_people: Connection) -> None:
    groups = _one(
        many_people,
        "select count(*) from (select name, birth_date from person where not is_second_twin"
        " group by all having count(distinct number) > 1)",
    )
    assert 5 <= groups <= 60


def test_numbers_of_people_registered_elsewhere_begin_elsewhere(many_people: Connection) -> None:
    total = _one(many_people, "select count(*) from person")
    migrants = many_people.execute(
        "select number, origin_division_code, is_registered from person where is_migrant"
    ).fetchall()
    assert 0.02 < len(migrants) / total < 0.03
    for number, origin, is_registered in migrants:
        assert number.startswith(origin)
        assert not is_registered
        assert not number.startswith(("3713", "3728"))
    in_register = _one(
        many_people,
        "select count(distinct _person_id) from source.migrant_register__residence",
    )
    assert _comes_as_often(in_register, 0.9, len(migrants))
    assert not many_people.execute(
        "select 1 from source.household_register__resident as resident"
        " inner join person on resident._person_id = person_id where is_migrant"
    ).fetchall()


def test_four_in_a_hundred_live_elsewhere_than_registered(many_people: Connection) -> None:
    away = _one(
        many_people,
        "select count(*) filter (where _defects like '%address_registered_elsewhere%') / count(*)"
        " from source.household_register__resident",
    )
    assert 0.03 < away < 0.05


def test_cards_of_one_person_are_linked(many_people: Connection) -> None:
    rows = many_people.execute(
        "select _person_id, card_kind_code, linked_card_kind_code, linked_card_number, card_number"
        " from source.permit_register__permit"
    ).fetchall()
    cards = collections.defaultdict(set)
    for person, number in many_people.execute(
        "select person_id, number from person_card"
    ).fetchall():
        cards[person].add(number)
    assert all(linked is None or linked in cards[person] for person, _, _, linked, _ in rows)
    links = {(kind, linked) for _, kind, linked, _, _ in rows if linked is not None}
    assert links == {("551", "516"), ("552", "511"), ("516", "516"), ("511", "511"), ("553", "553")}
    # A renewal keeps the person's characters.
    for person, numbers in cards.items():
        permits = [number for number in numbers if number[0] in "HM"]
        assert len({number[:9] for number in permits}) <= 1, person


def test_systems_know_different_cards_of_one_person(many_people: Connection) -> None:
    rows = many_people.execute(
        "select insured.number, file.number, insured.number_kind, file.number_kind"
        " from known_person('insured', 30) as insured"
        " inner join known_person('file', 60) as file using (person_id)"
        " where file.number_kind = 'residence_permit'"
    ).fetchall()
    assert rows
    assert all(one != other for one, other, _, _ in rows)
    assert {kind for *_, kind, _ in rows} == {"home_return_permit", "taiwan_travel_permit"}


def test_counties_write_migrations_of_their_own(many_people: Connection) -> None:
    codes = {county.code for county in COUNTIES}
    rows = many_people.execute(
        "select migration_kind_code, from_division_code, to_division_code, migrated_date,"
        " updated_at from source.household_register__migration"
    ).fetchall()
    assert {kind for kind, *_ in rows} == {"1", "3"}
    for kind, before, after, migrated, updated in rows:
        assert after in codes
        assert (before in codes) == (kind == "3")
        assert updated.date() == migrated <= MANY.today
