"""Events, households and relatives: the hard cases, told as small stories.

The product's own models run in DuckDB over records whose persons are settled; every story says
which events and relatives there are, and what a steward has to look at.
"""

from collections.abc import Iterator

import duckdb
import pytest

from tests.unit.models.scratch import query

pytestmark = pytest.mark.unit

MODELS = (
    "death_told",
    "marriage_told",
    "person_event",
    "death_contradicted",
    "household_member",
    "kinship_told",
    "marriage_period",
    "kinship_weighed",
    "kinship",
)
_INPUTS = """
create table meta__cut as select date '2026-01-01' as as_of_date;
create table int_population__person_golden (person_key bigint, sex_code varchar, birth_date date,
    is_dead boolean, death_date date);
create table int_population__person_matched (person_key bigint, system_code varchar,
    table_code varchar, source_key varchar, role_code varchar, register_anchor varchar,
    household_no varchar, household_relation_code varchar, is_dead boolean, is_dead_rank bigint,
    death_date date, source_at timestamp);
create table stg_civil_registry__cremation (system_code varchar, table_code varchar,
    source_key varchar, cremation_date date);
create table stg_civil_registry__marriage_registration (source_key varchar, role_code varchar,
    registration_type_code varchar, registered_date date, source_at timestamp);
create table stg_household_register__migration (system_code varchar, table_code varchar,
    source_key varchar, migration_kind_code varchar, register_anchor varchar, migrated_date date,
    from_division_code varchar, from_address varchar, to_division_code varchar, to_address varchar);
create table stg_migrant_register__residence (system_code varchar, table_code varchar,
    source_key varchar, registered_date date, left_date date, origin_division_code varchar,
    division_code varchar, address varchar);
create table stg_household_register__name_change (system_code varchar, table_code varchar,
    source_key varchar, changed_date date);
create table stg_household_register__number_correction (system_code varchar, table_code varchar,
    source_key varchar, corrected_date date);
create table stg_household_register__household (system_code varchar, household_no varchar,
    created_date date, address varchar);
create table stg_student_register__student (system_code varchar, table_code varchar,
    source_key varchar, role_code varchar, guardian_relation_code varchar, source_at timestamp);
"""


class City:
    """People by key and what departments wrote of them."""

    def __init__(self) -> None:
        self.duck = duckdb.connect()
        self.duck.execute(_INPUTS)

    def insert(self, table: str, **values: object) -> None:
        """A row; columns that are not named are null."""
        marks = ", ".join("?" for _ in values)
        self.duck.execute(
            f"insert into {table} ({', '.join(values)}) values ({marks})", list(values.values())
        )

    def person(self, key: int, born: str, *, sex: str = "1", died: str | None = None) -> int:
        """Somebody with his golden record, known to the police."""
        self.insert(
            "int_population__person_golden",
            person_key=key,
            sex_code=sex,
            birth_date=born,
            is_dead=died is not None,
            death_date=died,
        )
        return key

    def record(self, key: int, table: str, source_key: str, **values: object) -> None:
        """A record `system.table` about somebody."""
        system, name = table.split(".")
        given = {"role_code": "self", "source_at": "2025-01-01", **values}
        self.insert(
            "int_population__person_matched",
            person_key=key,
            system_code=system,
            table_code=name,
            source_key=source_key,
            **given,
        )

    def registered(self, key: int, household: str, relation: str) -> None:
        """A row of the police register."""
        self.record(
            key,
            "household_register.resident",
            f"R{key}",
            register_anchor=f"register:R{key}",
            household_no=household,
            household_relation_code=relation,
        )

    def told_dead(self, key: int, table: str, day: str, *, rank: int) -> None:
        """A record that tells a death."""
        self.record(key, table, f"D{key}-{rank}", is_dead=True, is_dead_rank=rank, death_date=day)

    def wedding(self, number: str, kind: str, husband: int, wife: int, day: str) -> None:
        """A registration of marriage or divorce."""
        for role, key in (("male", husband), ("female", wife)):
            self.record(key, "civil_registry.marriage_registration", number, role_code=role)
            self.insert(
                "stg_civil_registry__marriage_registration",
                source_key=number,
                role_code=role,
                registration_type_code=kind,
                registered_date=day,
                source_at=day,
            )

    def birth(self, number: str, child: int, **parents: int) -> None:
        """A birth certificate."""
        for role, key in (("newborn", child), *parents.items()):
            self.record(key, "health_record.birth_certificate", number, role_code=role)

    def build(self) -> None:
        """The models, in their order."""
        for name in MODELS:
            sql = query(f"intermediate/population/int_population__{name}")
            self.duck.execute(f"create or replace table int_population__{name} as {sql}")

    def ask(self, question: str) -> list[tuple[object, ...]]:
        """Rows of a query, over `event`, `kinship` and the other models by their short names."""
        for name in MODELS:
            question = question.replace(f" {name} ", f" int_population__{name} ")
        return self.duck.execute(question).fetchall()

    def relatives(self, key: int) -> set[tuple[object, ...]]:
        """(relative, kind, why it has ended) of somebody."""
        return set(
            self.ask(
                "select relative_person_key, kinship_code, end_reason_code from kinship"
                f" where person_key = {key}"
            )
        )

    def impossible(self) -> set[tuple[object, ...]]:
        """(person, relative, reason) of what must not be in the library."""
        return set(
            self.ask(
                "select person_key, relative_person_key, impossible_reason_code"
                " from kinship_weighed where impossible_reason_code is not null"
            )
        )


@pytest.fixture
def city() -> Iterator[City]:
    made = City()
    yield made
    made.duck.close()


def test_three_departments_tell_one_death(city: City) -> None:
    city.person(1, "1940-01-01", died="2025-03-01")
    city.told_dead(1, "health_record.death_certificate", "2025-03-01", rank=30)
    city.told_dead(1, "civil_registry.cremation", "2025-03-01", rank=20)
    city.told_dead(1, "household_register.resident", "2025-03-20", rank=10)
    city.build()
    assert city.ask(
        "select event_date::varchar, date_basis_code, source_record_count, table_code"
        " from person_event where event_kind_code = '20'"
    ) == [("2025-03-01", "golden", 3, "death_certificate")]
    assert city.ask("from death_contradicted ") == []


def test_the_day_of_cancelling_is_not_the_day_of_death(city: City) -> None:
    city.person(1, "1940-01-01", died="2025-03-20")
    city.told_dead(1, "household_register.resident", "2025-03-20", rank=10)
    city.build()
    assert city.ask("select date_basis_code from person_event where event_kind_code = '20'") == [
        ("cancelled",)
    ]


def test_what_speaks_against_a_death_is_listed(city: City) -> None:
    city.person(1, "1940-01-01", died="2025-03-01")
    city.told_dead(1, "health_record.death_certificate", "2025-03-01", rank=30)
    city.told_dead(1, "civil_registry.cremation", "2025-03-03", rank=20)
    city.insert(
        "stg_civil_registry__cremation",
        system_code="civil_registry",
        table_code="cremation",
        source_key="D1-20",
        cremation_date="2025-02-28",
    )
    city.told_dead(1, "household_register.resident", "2025-02-01", rank=10)
    city.person(2, "1970-01-01", sex="2")
    city.wedding("J1", "IA", 1, 2, "2025-06-01")
    # still in the register: one for ten months, one for three weeks
    city.person(3, "1950-01-01", died="2025-03-01")
    city.registered(3, "H3", "02")
    city.person(4, "1950-01-01", died="2025-12-11")
    city.registered(4, "H4", "02")
    city.build()
    assert set(city.ask("select person_key, reason_code from death_contradicted ")) == {
        (1, "date_differs"),
        (1, "cremated_before"),
        (1, "cancelled_before"),
        (1, "acted_after"),
        (3, "not_cancelled"),
    }


def test_a_move_written_twice_is_one_and_two_moves_are_two(city: City) -> None:
    city.person(1, "1980-01-01")
    for number, day in (("Q1", "2020-05-05"), ("Q2", "2020-05-05"), ("Q3", "2021-05-05")):
        city.record(1, "household_register.migration", number, register_anchor="register:R1")
        city.insert(
            "stg_household_register__migration",
            system_code="household_register",
            table_code="migration",
            source_key=number,
            migration_kind_code="3",
            register_anchor="register:R1",
            migrated_date=day,
            to_address="甲路1号",
        )
    city.build()
    assert city.ask(
        "select event_date::varchar, source_record_count from person_event order by event_date"
    ) == [("2020-05-05", 2), ("2021-05-05", 1)]


def test_a_marriage_is_an_event_of_both_and_ends_with_the_divorce(city: City) -> None:
    city.person(1, "1980-01-01")
    city.person(2, "1981-01-01", sex="2")
    city.wedding("J1", "IA", 1, 2, "2005-01-01")
    city.wedding("J2", "ICA", 1, 2, "2009-01-01")
    city.wedding("J3", "IB", 1, 2, "2010-01-01")
    city.wedding("J4", "IA", 1, 2, "2012-01-01")
    city.build()
    assert city.ask(
        "select event_kind_code, event_date::varchar, other_person_key from person_event"
        " where person_key = 2 order by event_date"
    ) == [("41", "2005-01-01", 1), ("42", "2010-01-01", 1), ("41", "2012-01-01", 1)]
    assert city.ask(
        "select period_no, valid_from::varchar, valid_to::varchar, end_reason_code from kinship"
        " where person_key = 1 order by period_no"
    ) == [(1, "2005-01-01", "2010-01-01", "divorced"), (2, "2012-01-01", None, None)]


def test_a_second_spouse_ends_the_first_marriage_and_death_ends_the_last(city: City) -> None:
    city.person(1, "1950-01-01", died="2020-01-01")
    city.person(2, "1951-01-01", sex="2")
    city.person(3, "1952-01-01", sex="2")
    city.wedding("J1", "IA", 1, 2, "1980-01-01")
    city.wedding("J2", "IA", 1, 3, "1990-01-01")
    city.build()
    assert city.relatives(1) == {(2, "10", "remarried"), (3, "10", "died")}
    assert city.relatives(3) == {(1, "10", "died")}


def test_a_paper_issued_again_tells_a_marriage_of_unknown_day(city: City) -> None:
    city.person(1, "1950-01-01")
    city.person(2, "1951-01-01", sex="2")
    city.wedding("J1", "ICA", 1, 2, "2012-01-01")
    city.build()
    assert city.ask("from person_event ") == []
    assert city.ask("select valid_from, end_reason_code from kinship ") == [(None, None)] * 2


def test_relations_to_the_head_make_relatives_of_both_sides(city: City) -> None:
    city.person(1, "1980-01-01")
    for key, born, relation in (
        (2, "1981-01-01", "12"),
        (3, "2010-01-01", "31"),
        (4, "2012-01-01", "27"),
        (5, "1955-01-01", "52"),
        (6, "1956-01-01", "56"),
        (7, "1990-01-01", "28"),
    ):
        city.person(key, born, sex="2" if key != 7 else "1")
        city.registered(key, "H1", relation)
    city.registered(1, "H1", "02")
    city.build()
    assert city.relatives(1) == {
        (2, "10", None),
        (3, "20", None),
        (4, "27", None),
        (5, "50", None),
    }
    assert city.relatives(3) == {(1, "50", None)}
    assert city.relatives(4) == {(1, "57", None)}
    # a mother-in-law and a son-in-law are relatives of somebody else first
    assert city.relatives(6) == city.relatives(7) == set()


def test_a_number_of_a_household_means_something_in_its_own_system_only(city: City) -> None:
    city.person(1, "1980-01-01")
    city.person(2, "2010-01-01")
    city.registered(1, "H1", "02")
    city.record(
        2,
        "grid_lanshan.resident",
        "G2",
        household_no="H1",
        household_relation_code="20",
    )
    city.record(1, "grid_lanshan.resident", "G1", household_no="H1")
    city.build()
    assert set(city.ask("select person_key, system_code, basis_code from household_member ")) == {
        (1, "household_register", "household_register"),
        (1, "grid_lanshan", "county_grid"),
        (2, "grid_lanshan", "county_grid"),
    }
    assert city.ask("from kinship ") == []


def test_impossible_relatives_are_kept_out_and_listed(city: City) -> None:
    mother = city.person(1, "1980-01-01", sex="2")
    city.birth("B1", mother, mother=mother)
    young = city.person(2, "1991-01-01")
    child = city.person(3, "2002-06-01")
    city.birth("B2", child, father=young)
    dead = city.person(4, "1960-01-01", died="2010-01-01")
    posthumous = city.person(5, "2010-08-01")
    late = city.person(6, "2011-01-01")
    city.birth("B3", posthumous, father=dead)
    city.birth("B4", late, father=dead)
    city.build()
    assert city.impossible() == {
        (mother, mother, "self"),
        (child, young, "age_gap"),
        (late, dead, "born_after_death"),
    }
    assert city.relatives(posthumous) == {(dead, "50", None)}
    assert city.relatives(child) == city.relatives(late) == city.relatives(mother) == set()


def test_of_two_mothers_the_certificate_s_is_believed(city: City) -> None:
    mother = city.person(1, "1980-01-01", sex="2")
    other = city.person(2, "1981-01-01", sex="2")
    child = city.person(3, "2010-01-01")
    city.birth("B1", child, mother=mother)
    city.registered(other, "H1", "02")
    city.registered(child, "H1", "20")
    city.build()
    assert city.relatives(child) == {(mother, "50", None)}
    assert city.impossible() == {(child, other, "other_parent")}


def test_a_guardian_who_is_the_father_is_both_until_eighteen(city: City) -> None:
    father = city.person(1, "1980-01-01")
    grown = city.person(2, "2005-01-01")
    pupil = city.person(3, "2015-01-01")
    for number, key, relation in (("S1", grown, "61"), ("S2", pupil, "51")):
        city.record(key, "student_register.student", number)
        city.record(father, "student_register.student", number, role_code="guardian")
        city.insert(
            "stg_student_register__student",
            system_code="student_register",
            table_code="student",
            source_key=number,
            role_code="self",
            guardian_relation_code=relation,
            source_at="2025-01-01",
        )
    city.build()
    assert city.relatives(grown) == {(father, "91", "of_age")}
    assert city.relatives(pupil) == {(father, "91", None), (father, "50", None)}
    assert city.relatives(father) == {
        (grown, "92", "of_age"),
        (pupil, "92", None),
        (pupil, "20", None),
    }
