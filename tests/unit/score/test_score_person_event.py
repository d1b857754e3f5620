"""Events and relatives: what is right counts as right, and each kind of miss is found.

A family of four, one of them dead, and a neighbour; a library that is right about them.
"""

from collections.abc import Iterator

import duckdb
import pytest

from citybase.score.expected import expect
from citybase.score.figure import Figure
from citybase.score.kinship import score_kinship
from citybase.score.person_event import score_person_event

pytestmark = pytest.mark.unit

_TRUTH = """
create table city_truth.person as from (values
    (1, null::date, 10, 100, 'husband', '02'),
    (2, date '2025-03-01', 10, 100, 'wife', '10'),
    (3, null, 10, 100, 'child_1', '20'),
    (4, date '2025-05-05', 10, 100, 'grandmother', '50'),
    (5, null, 11, 101, 'single', '02')
) as t(person_id, death_date, household_id, couple_id, family_role, relation_code);
create table city_truth.couple as from (values
    (100, 1, 2, date '2010-10-10', date '2020-02-02')
) as t(couple_id, husband_id, wife_id, marriage_date, divorce_date);
create table city_truth.person_address as from (values
    (5, date '2022-02-22')
) as t(person_id, valid_from);
create table city_truth.record as
select *, true as is_landable from (values
    ('household_register', 'resident', 'R1', 'self', 1, true, false),
    ('household_register', 'resident', 'R2', 'self', 2, true, true),
    ('household_register', 'resident', 'R3', 'self', 3, true, false),
    ('household_register', 'resident', 'R4', 'self', 4, true, true),
    ('household_register', 'resident', 'R5', 'self', 5, true, false),
    ('health_record', 'death_certificate', 'D2', 'self', 2, true, true),
    ('health_record', 'birth_certificate', 'B3', 'newborn', 3, false, false),
    ('health_record', 'birth_certificate', 'B3', 'mother', 2, true, false),
    ('civil_registry', 'marriage_registration', 'M1', 'male', 1, true, false),
    ('civil_registry', 'marriage_registration', 'M1', 'female', 2, true, false),
    ('household_register', 'migration', 'Q5', 'self', 5, true, false),
    -- no denominator: the number of another, who is not dead for it
    ('civil_registry', 'cremation', 'C1', 'self', 3, false, true)
) as t(system_code, table_code, source_key, role_code, person_id, has_valid_number, tells_death);
create table key_person as
select 100 + person_id as person_key, person_id from city_truth.person;
"""

_LIBRARY = """
create table population.event_person as from (values
    (102, '20', date '2025-03-01', 'golden', null, 'health_record', 'death_certificate', 'D2'),
    -- only the register tells of this death: the day is that of the cancellation
    (104, '20', date '2025-06-01', 'cancelled', null, 'household_register', 'resident', 'R4'),
    (105, '33', date '2022-02-22', 'stated', null, 'household_register', 'migration', 'Q5'),
    (101, '41', date '2010-10-10', 'stated', 102, 'civil_registry', 'marriage_registration', 'M1'),
    (102, '42', date '2020-02-02', 'stated', 101, 'civil_registry', 'marriage_registration', 'M2')
) as t(person_key, event_kind_code, event_date, date_basis_code, other_person_key, system_code,
    table_code, source_key);
alter table population.event_person add column role_code varchar default 'self';
create table population.link_kinship as from (values
    (101, 102, '10'), (102, 101, '10'),
    (103, 101, '50'), (101, 103, '20'),
    (103, 102, '50'), (102, 103, '20'),
    (101, 104, '50'), (104, 101, '20')
) as t(person_key, relative_person_key, kinship_code);
create table population.link_household_member as from (values
    (101, 'H1'), (102, 'H1'), (103, 'H1'), (104, 'H1'), (105, 'H2')
) as t(person_key, household_no);
alter table population.link_household_member
    add column basis_code varchar default 'household_register';
"""

_TOTALS = {
    "death_known": 2,
    "death_true": 2,
    "move": 1,
    "marriage": 2,
    "spouse_known": 1,
    "parent_known": 3,
    "kinship_true": 5,
    "household": 5,
}


@pytest.fixture
def library() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("attach ':memory:' as city_truth; attach ':memory:' as population")
        connection.execute(_TRUTH)
        connection.execute(_LIBRARY)
        expect(connection)
        yield connection


def _figures(library: duckdb.DuckDBPyConnection) -> dict[str, Figure]:
    return {f.code: f for f in (*score_person_event(library), *score_kinship(library))}


def test_a_right_library_is_right_about_everything(library: duckdb.DuckDBPyConnection) -> None:
    found = _figures(library)
    assert {code: figure.total for code, figure in found.items()} == _TOTALS
    assert all(figure.met and figure.right == figure.total for figure in found.values())
    assert all(figure.examples == () for figure in found.values())


@pytest.mark.parametrize(
    ("damage", "losses"),
    [
        pytest.param(
            "delete from event_person where source_key = 'D2'", {"death_known": 1}, id="no death"
        ),
        pytest.param(
            "insert into event_person from event_person where source_key = 'D2'",
            {"death_known": 1},
            id="one death told twice",
        ),
        pytest.param(
            "update event_person set event_date = date '2025-03-03' where source_key = 'D2'",
            {"death_known": 1, "death_true": 1},
            id="a death on another day",
        ),
        pytest.param(
            "update event_person set event_date = date '2025-05-04' where source_key = 'R4'",
            {"death_known": 1},
            id="cancelled before the death",
        ),
        pytest.param(
            "insert into event_person values (103, '20', date '2025-01-01', 'golden', null,"
            " 'civil_registry', 'cremation', 'C1', 'self')",
            {"death_true": 1},
            id="the living called dead",
        ),
        pytest.param(
            "update event_person set person_key = 101 where source_key = 'Q5'",
            {"move": 1},
            id="another person's move",
        ),
        pytest.param(
            "update event_person set event_date = date '2022-02-23' where source_key = 'Q5'",
            {"move": 1},
            id="a move on another day",
        ),
        pytest.param(
            "update event_person set other_person_key = 105 where source_key = 'M1'",
            {"marriage": 1},
            id="married to another",
        ),
        pytest.param(
            "update event_person set event_kind_code = '41' where source_key = 'M2'",
            {"marriage": 1},
            id="a divorce called a marriage",
        ),
        pytest.param(
            "delete from link_kinship where kinship_code = '10'",
            {"spouse_known": 1},
            id="no spouse",
        ),
        pytest.param(
            "delete from link_kinship where relative_person_key = 102 and kinship_code = '50'",
            {"parent_known": 1},
            id="no mother",
        ),
        pytest.param(
            "insert into link_kinship values (103, 105, '50')",
            {"kinship_true": 1},
            id="a neighbour for a parent",
        ),
        pytest.param(
            "insert into link_kinship values (105, 101, '10')",
            {"kinship_true": 1},
            id="a neighbour for a spouse",
        ),
        pytest.param(
            "update link_household_member set household_no = 'H1' where person_key = 105",
            {"household": 1},
            id="a member of another household",
        ),
        pytest.param(
            "delete from link_household_member where person_key = 103",
            {"household": 1},
            id="in no household",
        ),
    ],
)
def test_a_miss_is_found_and_nothing_else(
    library: duckdb.DuckDBPyConnection, damage: str, losses: dict[str, int]
) -> None:
    before = {code: figure.total for code, figure in _figures(library).items()}
    library.execute("use population")
    library.execute(damage)
    library.execute("use memory")

    found = _figures(library)

    lost = {c: f.total - f.right for c, f in found.items() if f.right < f.total}
    assert lost == losses
    assert {c for c, f in found.items() if f.examples} == set(losses)
    # What the library adds or drops changes only what is counted over the library itself.
    for code in ("death_known", "move", "spouse_known", "parent_known", "household"):
        assert found[code].total == before[code]
