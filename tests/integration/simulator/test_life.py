"""The city lives on: days only add events, each reaches the systems, and nothing else moves."""

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from citybase.duck import connect, quoted
from sources.registry import Registry
from sources.simulator.generate import generate, make_people, source_table
from sources.simulator.plan import CityPlan

pytestmark = pytest.mark.integration

Connection = duckdb.DuckDBPyConnection

# Their rows change with somebody else too: a guardian, an enterprise, a later version.
_WITH_OTHERS = {"student", "debtor", "shareholder", "licence"}

BASE = CityPlan(seed=9, scale=0.0005)
SOON = CityPlan(seed=9, scale=0.0005, elapsed_days=60)
LATER = CityPlan(seed=9, scale=0.0005, elapsed_days=250)


@pytest.fixture(scope="module")
def base(registry: Registry) -> Iterator[Connection]:
    connection = generate(BASE, registry)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def soon() -> Iterator[Connection]:
    connection = connect()
    make_people(connection, SOON)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def later(registry: Registry) -> Iterator[Connection]:
    connection = generate(LATER, registry)
    yield connection
    connection.close()


def _rows(city: Connection, query: str) -> list[tuple[object, ...]]:
    return city.execute(query).fetchall()


@pytest.mark.parametrize(
    "query",
    [
        "select * from life_event where event_date <= date '{day}'",
        "select * from newborn where birth_date <= date '{day}'",
        "select * from alteration where altered_date <= date '{day}'",
        "select * from household_move where event_date <= date '{day}'",
        "select * from new_couple where event_date <= date '{day}'",
        "select * from person",
    ],
)
def test_later_days_add_and_never_rewrite(soon: Connection, later: Connection, query: str) -> None:
    written = query.format(day=SOON.now) + " order by all"
    columns = "* exclude (age_days)" if "newborn" in query else "*"
    written = written.replace("*", columns, 1)
    found = _rows(soon, written)
    assert found
    assert found == _rows(later, written)


def test_every_kind_of_event_happens_and_none_on_the_base_day(later: Connection) -> None:
    kinds = {
        kind: (first, last)
        for kind, first, last in later.execute(
            "select event_code, min(event_date), max(event_date) from life_event group by 1"
        ).fetchall()
    }
    assert set(kinds) == {
        "birth",
        "death",
        "move",
        "leave",
        "marriage",
        "divorce",
        "phone_change",
        "name_change",
        "number_correction",
    }
    for first, last in kinds.values():
        assert BASE.today < first <= last <= LATER.now


def test_rows_that_no_event_touches_stay_as_they_are(
    registry: Registry, base: Connection, later: Connection
) -> None:
    """A row about a person changes only when something happened to him, or to one of his house."""
    touched = {
        person
        for (person,) in later.execute(
            """
            select person_id from person_life
            where first_change_date is not null or born_date is not null
            -- deaths of before the base day are heard of after it
            or death_date > getvariable('today') - 150
            """
        ).fetchall()
    }
    compared = changed = 0
    for system, table in registry.tables():
        source = source_table(system, table)
        names = {name for name, *_ in base.execute(f"describe {source}").fetchall()}
        if "_person_id" not in names or table.table in _WITH_OTHERS:
            continue
        keys = ", ".join(quoted(key) for key in table.keys)
        columns = ", ".join(quoted(column.column) for column in table.columns)
        query = f"select ({keys})::varchar, hash({columns}), _person_id from {source}"
        before = {key: (digest, person) for key, digest, person in base.execute(query).fetchall()}
        after = {key: (digest, person) for key, digest, person in later.execute(query).fetchall()}
        for key, (digest, person) in before.items():
            compared += 1
            if key not in after or after[key][0] != digest:
                changed += 1
                assert person is None or person in touched, (system.system, table.table, key)
        for key in after.keys() - before.keys():
            assert after[key][1] is None or after[key][1] in touched, (system.system, table.table)
    assert compared > 20_000
    assert changed > 200


def test_a_birth_is_written_by_police_and_health(later: Connection) -> None:
    rows = later.execute(
        """
        select newborn.number, resident.id_number, resident.household_no, mother.household_no,
            certificate.mother_name, newborn.birth_date, resident._defects
        from newborn
        inner join source.household_register__resident as resident
            on newborn.person_id = resident._person_id
        inner join source.health_record__birth_certificate as certificate
            on newborn.person_id = certificate._newborn_person_id
        inner join source.household_register__resident as mother
            on certificate._mother_person_id = mother._person_id
        """
    ).fetchall()
    assert len(rows) > 10
    for number, written, household, of_mother, _, born, defects in rows:
        assert number[6:14] == f"{born:%Y%m%d}"
        assert written == number or defects
        assert household == of_mother
    known = later.execute(
        "select count(*) filter (where birth_date + 31 <= getvariable('now')),"
        " count(*) filter (where person_id in"
        " (select _person_id from source.household_register__resident))"
        " from newborn where is_registered"
    ).fetchone()
    assert known is not None
    assert known[0] <= known[1]


def test_a_death_cancels_the_resident_and_is_certified(later: Connection) -> None:
    rows = later.execute(
        """
        select death.event_date, cancelled_date, status_code, certificate.death_date
        from death
        inner join source.household_register__resident as resident
            on death.person_id = resident._person_id
        left join source.health_record__death_certificate as certificate
            on death.person_id = certificate._person_id and certificate._is_landable
        where death.event_date + 45 <= getvariable('now')
        """
    ).fetchall()
    assert len(rows) > 8
    cancelled = sum(status == "2" for _, _, status, _ in rows)
    assert 0.7 * len(rows) < cancelled <= len(rows)
    for died, cancelled_date, status, certified in rows:
        assert (status == "2") == (cancelled_date is not None)
        assert cancelled_date is None or died < cancelled_date <= LATER.now
        assert certified in {None, f"{died:%Y%m%d}"}


def test_who_leaves_is_gone_from_registers_and_has_a_migration(later: Connection) -> None:
    left = later.execute("select person_id, event_date from leaving").fetchall()
    assert left
    residents, insured = (
        {person for (person,) in later.execute(f"select _person_id from source.{table}").fetchall()}
        for table in ("household_register__resident", "social_security__insured_person")
    )
    out = dict(
        later.execute(
            "select _person_id, migrated_date from source.household_register__migration"
            " where migration_kind_code = '2'"
        ).fetchall()
    )
    assert out == dict(left)
    assert not residents & out.keys()
    late = {person for person, day in left if (LATER.now - day).days > 31}
    still = len(late & insured)
    assert still < 0.4 * len(late)


def test_a_corrected_number_is_followed_by_each_system_in_its_own_time(
    later: Connection,
) -> None:
    rows = later.execute(
        """
        select former, latter, resident.id_number, resident._defects,
            correction.previous_number, correction.id_number, insured.number, insured.number_state
        from alteration
        inner join source.household_register__resident as resident
            on alteration.person_id = resident._person_id
        inner join source.household_register__number_correction as correction
            on alteration.person_id = correction._person_id
        inner join known_person('insured', 30) as insured
            on alteration.person_id = insured.person_id
        where altered_date > getvariable('today') and alteration.reason_code <> '0'
        """
    ).fetchall()
    assert len(rows) > 8
    held = set()
    for former, latter, written, defects, previous, corrected, known, state in rows:
        assert former[:14] == latter[:14]
        assert former != latter
        assert (previous, corrected) == (former, latter)
        assert written == latter or defects
        assert known in {former, latter}
        assert (state == "number_former") == (known == former)
        held.add(known == latter)
    assert held == {True, False}
    bearers = later.execute(
        "select count(*), count(distinct number) from known_person('truth', 0)"
    ).fetchone()
    pairs = later.execute(
        "select count(*) from person_life where has_shared_number and shared_until is null"
    ).fetchone()
    assert bearers is not None
    assert pairs is not None
    assert bearers[0] - bearers[1] == pairs[0] / 2


def test_a_shared_number_is_resolved_by_a_new_one_for_the_second() -> None:
    city = connect()
    try:
        make_people(city, CityPlan(seed=9, scale=0.0001, elapsed_days=700))
        rows = city.execute(
            "select first.number, second.number, reason_code, first.number_state from number_shared"
            " inner join known_person('truth', 0) as first on first_person_id = first.person_id"
            " inner join known_person('truth', 0) as second on second_person_id = second.person_id"
            " inner join alteration on second_person_id = alteration.person_id"
        ).fetchall()
    finally:
        city.close()
    assert rows
    for first, second, reason, state in rows:
        assert first != second
        assert first[:14] == second[:14]
        assert reason == "1"
        assert state is None


def test_a_move_is_registered_and_the_household_follows(later: Connection) -> None:
    rows = later.execute(
        """
        select household_move.event_date, address_after, is_registered_move, resident.address,
            migration.to_address, resident._defects, household_row.address
        from household_move
        inner join person using (household_id)
        inner join source.household_register__resident as resident
            on person.person_id = resident._person_id
        inner join source.household_register__household as household_row
            on resident.household_no = household_row.household_no
        left join source.household_register__migration as migration
            on person.person_id = migration._person_id
            and migration.migrated_date = household_move.event_date
        where person.death_date is null
            and person.person_id not in (select person_id from death)
            and person.person_id not in (select person_id from leaving)
        """
    ).fetchall()
    assert len(rows) > 50
    for _, address, is_registered, written, migrated, defects, of_household in rows:
        assert written == of_household
        assert (written == address) == is_registered
        assert (migrated == address) == is_registered
        assert ("address_registered_elsewhere" in defects) != is_registered


def test_a_wedding_is_registered_and_joins_two_households(later: Connection) -> None:
    rows = later.execute(
        """
        select wedding.registered_date, event_date, wife.household_id, husband.household_id,
            wife.marital_status_code, husband.marital_status_code, wedding._is_landable
        from new_couple
        inner join source.civil_registry__marriage_registration as wedding
            on wife_id = wedding._female_person_id and husband_id = wedding._male_person_id
        inner join known_person('truth', 0) as wife on wife_id = wife.person_id
        inner join known_person('truth', 0) as husband on husband_id = husband.person_id
        """
    ).fetchall()
    assert len(rows) > 3
    for written, day, of_wife, of_husband, hers, his, is_landable in rows:
        assert written == str(day) or not is_landable
        assert of_wife == of_husband
        assert (hers, his) == ("20", "20")


def test_nobody_writes_after_the_last_day(registry: Registry, later: Connection) -> None:
    for system, table in registry.tables():
        if not any(column.column == "updated_at" for column in table.columns):
            continue
        latest = later.execute(
            f"select max(try_cast(updated_at::varchar as timestamp)) from"
            f" {source_table(system, table)}"
        ).fetchone()
        assert latest is not None
        if latest[0] is not None:
            assert latest[0].date() <= LATER.now, (system.system, table.table)


def test_changed_rows_bear_a_later_time(base: Connection, later: Connection) -> None:
    """What extraction by cursor needs: a changed row of the police never looks older."""
    for table, key in (("resident", "resident_no"), ("household", "household_no")):
        columns = ", ".join(
            name
            for name, *_ in base.execute(f"describe source.household_register__{table}").fetchall()
            if not name.startswith("_")
        )
        query = f"select {key}, hash({columns}), updated_at from source.household_register__{table}"
        before = {row[0]: row[1:] for row in base.execute(query).fetchall()}
        changed = 0
        for row_key, digest, updated in later.execute(query).fetchall():
            if row_key in before and before[row_key][0] != digest:
                changed += 1
                assert updated.date() > BASE.today - dt.timedelta(days=41), row_key
                assert updated >= before[row_key][1]
        assert changed > 20
