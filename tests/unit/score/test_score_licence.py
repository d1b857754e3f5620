"""The score of licences: a library right about a small city, and every kind of miss found."""

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from citybase.score.defect_licence import score_licence_defects
from citybase.score.expected import expect
from citybase.score.licence import score_licence

pytestmark = pytest.mark.unit

AS_OF = dt.date(2026, 1, 1)

# Whom the keys of the other libraries stand for: person 1 to 3 (3 is dead), organisation 1 and 2
# (2 is cancelled), organisation 3 in no library.
_KEYS = """
create temp table key_person as from (values (101, 1), (102, 2), (103, 3))
    as t(person_key, person_id);
create temp table held_person as from (values (1), (2), (3)) as t(person_id);
create temp table key_organisation as from (values (201, 1), (202, 2))
    as t(entity_key, organisation_id);
create temp table held_organisation as from (values (1, true), (2, true))
    as t(organisation_id, is_known_by_code);
"""

_TRUTH = """
create table city_truth.record as from (values
    ('household_register', 'resident', 'R3', 'self', 3, null, '', true, true, true),
    ('enterprise_register', 'enterprise', 'E2', 'self', null, 2, '', true, true, false)
) as t(system_code, table_code, source_key, role_code, person_id, organisation_id, defects,
    has_valid_number, is_landable, tells_death);

create table city_truth.organisation as from (values (1, '1'), (2, '4'))
    as t(organisation_id, status_code);

-- person 1 gave up a name where no register here heard of it, after I1 was issued
create table city_truth.person_name as from (values
    (1, 'old', null::date, date '2005-01-01'), (1, 'new', date '2005-01-01', null)
) as t(person_id, name, valid_from, valid_to);

create table city_truth.licence as select 'a' as system_code, * from (values
    -- 1 current, 2 the version before it, 3 of the dead, 4 expired, 5 revoked as stated, 6 of
    -- tomorrow, 7 of the cancelled company, 8 names nobody, 9 sent again
    ('L1', 10, 2, 'T', true, '01', date '2020-01-01', date '2030-01-01', 'operation_missing'),
    ('L2', 10, 1, 'T', true, '01', date '2010-01-01', date '2020-01-01', ''),
    ('L3', 11, 1, 'T', true, '01', date '2020-01-01', null, ''),
    ('L4', 12, 1, 'T', true, '01', date '2020-01-01', date '2025-12-31', ''),
    ('L5', 13, 1, 'T', true, '07', date '2020-01-01', date '2025-12-31', ''),
    ('L6', 14, 1, 'T', true, '01', date '2026-01-02', null, ''),
    ('L7', 15, 1, 'T', true, '01', date '2020-01-01', null, ''),
    ('L8', 16, 1, 'T', true, '01', date '2020-01-01', null, 'holder_code_unknown'),
    ('L9', 10, 2, 'T', true, '01', date '2020-01-01', date '2030-01-01',
        'resent,operation_missing'),
    -- joint: one owner dead, both spouses of whom one is dead, an owner and his bank, a lost code
    ('J1', 20, 1, 'ESTATE', true, '01', date '2020-01-01', null, ''),
    ('J2', 21, 1, 'MARRIAGE', true, '01', date '2020-01-01', null, ''),
    ('J3', 22, 1, 'ESTATE', true, '01', date '2020-01-01', null, ''),
    ('J4', 23, 1, 'ESTATE', true, '01', date '2020-01-01', null, 'holder_count_mismatch'),
    -- after a gap, a branch of a fork, an identifier that fails its check
    ('G3', 30, 3, 'T', true, '01', date '2020-01-01', null, 'version_gap'),
    ('F1', 31, 1, 'T', true, '05', date '2010-01-01', null, ''),
    ('F2', 31, 2, 'T', true, '05', date '2012-01-01', null, ''),
    ('F3', 31, 3, 'T', true, '01', date '2014-01-01', null, 'version_fork'),
    ('I1', 32, 1, 'T', false, '01', date '2004-01-01', null, 'identifier_wrong_check')
) as t(source_key, licence_id, version, licence_type_code, is_well_formed, stated_state_code,
    valid_from, valid_to, defects);

create table city_truth.licence_holder as select 'a' as system_code, * from (values
    ('L1', 0, 1, null, true, null::date, ''), ('L2', 0, 1, null, true, null, ''),
    ('L3', 0, 3, null, true, date '2025-03-01', ''), ('L4', 0, 2, null, true, null, ''),
    ('L5', 0, 2, null, true, null, ''), ('L6', 0, null, 1, true, null, ''),
    ('L7', 0, null, 2, true, date '2024-05-05', ''),
    ('L8', 0, 2, null, false, null, 'holder_code_unknown'), ('L9', 0, 1, null, true, null, ''),
    ('J1', 0, 1, null, true, null, ''), ('J1', 1, 3, null, true, date '2025-03-01', ''),
    ('J2', 0, 3, null, true, date '2025-03-01', ''), ('J2', 1, 2, null, true, null, 'padded'),
    ('J3', 0, 1, null, true, null, ''), ('J3', 1, null, 3, true, null, ''),
    ('J4', 0, 1, null, true, null, ''), ('J4', 1, 2, null, true, null, ''),
    ('G3', 0, 1, null, true, null, ''), ('F1', 0, 1, null, true, null, ''),
    ('F2', 0, 1, null, true, null, ''), ('F3', 0, 1, null, true, null, ''),
    ('I1', 0, 1, null, true, null, '')
) as t(source_key, place, person_id, organisation_id, has_valid_code, end_date, defects);

create table city_truth.licence_operation as select 'a' as system_code, * from (values
    ('O1', 'L1', '02', timestamp '2020-01-01', null),
    ('O2', 'L4', '01', timestamp '2020-01-01', null),
    ('O3', 'L4', '06', timestamp '2021-01-01', 'release_without_suspension'),
    ('O4', 'L4', '03', timestamp '2022-01-01', null)
) as t(source_key, licence_source_key, operation_code, operated_at, defects);
"""

_LIBRARY = """
create table licence.code_licence_type as from (values
    ('T', 'ends'), ('ESTATE', 'ends_when_all'), ('MARRIAGE', 'ends')
) as t(licence_type_code, holder_end_code);

create table licence.link_licence_source as
select row_number() over (order by source_key) as licence_key, 'a' as system_code, source_key
from city_truth.licence where source_key <> 'L9'
union all
select 13, 'a', 'L9';
update licence.link_licence_source set licence_key = (
    select licence_key from licence.link_licence_source where source_key = 'L1'
) where source_key = 'L9';

create table licence.entity_licence as
select
    source.licence_key,
    source_key,
    case source_key when 'L2' then '05' when 'L3' then '05' when 'L4' then '05' when 'L5' then '07'
        when 'L6' then '99' when 'L7' then '05' when 'J2' then '05' when 'F1' then '05'
        when 'F2' then '05' else '01' end as computed_state_code,
    'reason' as computed_reason_code,
    source_key not in ('L2', 'F1', 'F2') as is_current_version,
    case when source_key like 'J%' then 2 else 1 end as holder_count,
from licence.link_licence_source as source
where source_key <> 'L9';

create table licence.link_licence_holder as
select source.licence_key, place + 1 as holder_no, person_id + 100 as person_key,
    case when organisation_id <> 3 then organisation_id + 200 end as entity_key, source.source_key
from city_truth.licence_holder as truth
inner join licence.link_licence_source as source using (source_key)
where source_key not in ('L9');
update licence.link_licence_holder set person_key = null
where source_key = 'L8' or source_key = 'J4' and holder_no = 1;

create table licence.event_operation as
select 'a' as system_code, source_key, source_key <> 'O3' as is_possible,
    'not_suspended' as transition_reason_code
from city_truth.licence_operation;

create table quality.licence__impossible_transition as
select * from licence.event_operation where not is_possible;
create table quality.licence__doubtful_holder as
select licence_key from licence.link_licence_holder where person_key is null and entity_key is null;
create table quality.licence__doubtful_licence as from (values
    -- shown under L1, the record that leads, and not under L9 again
    ('a', 'J4', 'holders_unpaired'), ('a', 'I1', 'identifier_checksum'), ('a', 'L1', 'log_missing')
) as t(system_code, source_key, doubt_code);
create table quality.licence__broken_chain as from (values
    ('a', 'G3', 'gap', null::bigint, 3, 'p'), ('a', 'F2', 'fork', 1, 2, 'p'),
    ('a', 'F3', 'fork', 1, 3, 'p')
) as t(system_code, source_key, break_code, related_key, version_no, stated_previous_identifier);
"""

_TOTALS = {
    "holder": 22,
    "holder_count": 18,
    "current_version": 17,
    "operation": 3,
    # not: names nobody, the bank, the lost code, the malformed identifier
    "computed_state": 14,
}
_INJECTED = {
    "version_gap": 1,
    "version_fork": 1,
    "resent": 1,
    "holder_count_mismatch": 1,
    "identifier_wrong_check": 1,
    "operation_missing": 2,
    "padded": 1,
    "name_former_unreported": 1,
    "holder_code_unknown": 1,
    "release_without_suspension": 1,
}


@pytest.fixture
def library() -> Iterator[duckdb.DuckDBPyConnection]:
    """Truth and libraries under the names they have when published."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name in ("city_truth", "licence", "quality"):
            connection.execute(f"attach ':memory:' as {name}")
        connection.execute(_KEYS + _TRUTH + _LIBRARY)
        expect(connection)
        yield connection


def lost(library: duckdb.DuckDBPyConnection, as_of: dt.date = AS_OF) -> dict[str, int]:
    figures = score_licence(library, as_of)
    for figure in figures:
        assert bool(figure.examples) == (figure.right < figure.total)
    return {f.code: f.total - f.right for f in figures if f.right < f.total}


def test_a_right_library_is_right_about_everything(library: duckdb.DuckDBPyConnection) -> None:
    assert {f.code: f.total for f in score_licence(library, AS_OF)} == _TOTALS
    assert lost(library) == {}
    found = {f.defect: f for f in score_licence_defects(library)}
    assert {code: f.injected for code, f in found.items() if f.injected} == _INJECTED
    assert all(f.missed == 0 and f.false in (0, None) for f in found.values())


@pytest.mark.parametrize(
    ("damage", "losses"),
    [
        # the licence and the copy of its record
        ("update link_licence_holder set person_key = 102 where source_key = 'L1'", {"holder": 2}),
        (
            "update link_licence_holder set person_key = 101, entity_key = null"
            " where source_key = 'L6'",
            {"holder": 1},
        ),
        ("update link_licence_holder set person_key = 101 where source_key = 'L8'", {"holder": 1}),
        ("update link_licence_holder set person_key = 103 where source_key = 'J4'", {"holder": 2}),
        (
            "update link_licence_holder set person_key = null"
            " where source_key = 'J1' and holder_no = 2",
            {"holder": 1},
        ),
        ("update link_licence_holder set entity_key = 201 where source_key = 'J3'", {"holder": 2}),
        ("update entity_licence set holder_count = 1 where source_key = 'J2'", {"holder_count": 1}),
        (
            "update entity_licence set is_current_version = true where source_key = 'F2'",
            {"current_version": 1},
        ),
        (
            "update entity_licence set is_current_version = false where source_key = 'G3'",
            {"current_version": 1},
        ),
        ("update event_operation set is_possible = true where source_key = 'O3'", {"operation": 1}),
        ("update event_operation set is_possible = null where source_key = 'O2'", {"operation": 1}),
        # a name nobody told of: nobody found is right, a stranger is not
        ("update link_licence_holder set person_key = null where source_key = 'I1'", {}),
        ("update link_licence_holder set person_key = 102 where source_key = 'I1'", {"holder": 1}),
        # what follows an impossible operation may be its consequence
        ("update event_operation set is_possible = false where source_key = 'O4'", {}),
        (
            "delete from link_licence_source where source_key = 'L4'",
            {"holder": 1, "holder_count": 1, "current_version": 1, "computed_state": 1},
        ),
        *(
            (
                f"update entity_licence set computed_state_code = '{state}'"
                f" where source_key = '{key}'",
                {"computed_state": 1},
            )
            for key, state in (
                ("L2", "01"),
                ("L3", "01"),
                ("L4", "01"),
                ("L5", "05"),
                ("L6", "01"),
                ("L7", "01"),
                ("J1", "05"),
                ("J2", "01"),
                ("F2", "01"),
            )
        ),
    ],
)
def test_a_miss_is_found_and_nothing_else(
    library: duckdb.DuckDBPyConnection, damage: str, losses: dict[str, int]
) -> None:
    library.execute(f"use licence; {damage}; use memory")
    assert lost(library) == losses


def test_an_end_nobody_reported_cannot_be_known(library: duckdb.DuckDBPyConnection) -> None:
    library.execute("update city_truth.record set tells_death = false, is_landable = false")
    library.execute(
        "update licence.entity_licence set computed_state_code = '01'"
        " where source_key in ('L3', 'L7', 'J2')"
    )
    figures = {figure.code: figure for figure in score_licence(library, AS_OF)}
    assert (figures["computed_state"].right, figures["computed_state"].total) == (10, 10)


@pytest.mark.parametrize(
    ("table", "cancelled", "revoked"),
    [
        ("enterprise", True, True),
        ("merchant", True, True),
        # has no word for 吊销
        ("taxpayer", True, False),
        # is a list without states
        ("collective", False, False),
    ],
)
def test_an_end_is_reported_by_a_table_that_has_a_word_for_it(
    library: duckdb.DuckDBPyConnection, table: str, *, cancelled: bool, revoked: bool
) -> None:
    library.execute(f"update city_truth.record set table_code = '{table}' where source_key = 'E2'")
    for status, is_reported in (("4", cancelled), ("3", revoked)):
        library.execute(
            f"update city_truth.organisation set status_code = '{status}' where organisation_id = 2"
        )
        figures = {figure.code: figure for figure in score_licence(library, AS_OF)}
        assert figures["computed_state"].total == _TOTALS["computed_state"] - (not is_reported)


def test_the_last_valid_day_is_valid(library: duckdb.DuckDBPyConnection) -> None:
    library.execute(
        "update licence.entity_licence set computed_state_code = '01' where source_key = 'L4'"
    )
    assert lost(library, dt.date(2025, 12, 31)) == {}


@pytest.mark.parametrize(
    ("damage", "defect", "missed", "false"),
    [
        ("delete from quality.licence__broken_chain where break_code = 'gap'", "version_gap", 1, 0),
        (
            "update quality.licence__broken_chain set source_key = 'L1' where break_code = 'gap'",
            "version_gap",
            1,
            # the copy of the record is another record
            1,
        ),
        (
            "delete from quality.licence__broken_chain where break_code = 'fork'",
            "version_fork",
            1,
            0,
        ),
        (
            "update licence.link_licence_source set licence_key = 99 where source_key = 'L9'",
            "resent",
            1,
            0,
        ),
        (
            "update licence.link_licence_source set licence_key ="
            " (select licence_key from licence.link_licence_source where source_key = 'L2')"
            " where source_key = 'L9'",
            "resent",
            0,
            1,
        ),
        (
            "update licence.link_licence_holder set person_key = null where source_key = 'J2'",
            "padded",
            1,
            None,
        ),
        (
            "update licence.link_licence_holder set person_key = null where source_key = 'I1'",
            "name_former_unreported",
            1,
            None,
        ),
        (
            "update licence.link_licence_holder set person_key = 101 where source_key = 'L8'",
            "holder_code_unknown",
            1,
            None,
        ),
        (
            "delete from quality.licence__doubtful_holder",
            "holder_code_unknown",
            1,
            None,
        ),
        (
            "update quality.licence__impossible_transition set source_key = 'O1'",
            "release_without_suspension",
            1,
            1,
        ),
        (
            "delete from quality.licence__doubtful_licence",
            "identifier_wrong_check",
            1,
            0,
        ),
    ],
)
def test_damage_that_is_not_caught_is_counted(
    library: duckdb.DuckDBPyConnection, damage: str, defect: str, missed: int, false: int | None
) -> None:
    library.execute(damage)
    score_licence(library, AS_OF)
    found = {figure.defect: figure for figure in score_licence_defects(library)}[defect]
    assert (found.missed, found.false) == (missed, false)
