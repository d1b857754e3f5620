"""A truth of three people, two companies and eight licences; a library that is right about them."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

AS_OF = dt.date(2026, 1, 1)

_TRUTH = """
create table person as from (values
    (1, '372801196807120015', '王建国', '1', date '1968-07-12', '甲路1号', null::date),
    (2, '371302199001010026', '李秀英', '2', date '1990-01-01', '甲路1号', null),
    (3, '372801194001010037', '张德福', '1', date '1940-01-01', '乙路2号', date '2025-03-01')
) as t(person_id, number, name, sex_code, birth_date, address, death_date);

create table organisation as from (values
    (1, '1', null::date),
    (2, '4', date '2024-05-05')
) as t(organisation_id, status_code, ended_date);

create table record as from (values
    ('household_register', 'resident', 'R1', 'self', 1, null, '', true, true, false),
    ('household_register', 'resident', 'R2', 'self', 2, null, '', true, true, false),
    ('household_register', 'resident', 'R3', 'self', 3, null, '', true, true, true),
    ('health_record', 'resident_record', 'H1', 'self', 1, null, '', true, true, false),
    -- no denominator: a wrong number, a row nobody can read, a parent on a certificate
    ('health_record', 'resident_record', 'H2', 'self', 2, null, 'number_digit_typo', false, true,
        false),
    ('health_record', 'resident_record', 'H3', 'self', 3, null, 'line_short', true, false, false),
    ('health_record', 'birth_certificate', 'B1', 'mother', 2, null, '', true, true, false),
    ('civil_registry', 'marriage_registration', 'M1', 'male', 1, null, '', true, true, false),
    ('civil_registry', 'marriage_registration', 'M1', 'female', 2, null, '', true, true, false),
    ('enterprise_register', 'enterprise', 'E1', 'self', null, 1, '', true, true, false),
    ('enterprise_register', 'enterprise', 'E2', 'self', null, 2, '', true, true, false),
    ('social_security', 'insured_unit', 'U1', 'self', null, 1, 'old_code', true, true, false)
) as t(system_code, table_code, source_key, role_code, person_id, organisation_id, defects,
    has_valid_number, is_landable, tells_death);

create table licence as
select 'licence_issuing' as system_code, * from (values
    -- 1 current, 2 its superseded version, 3 of the dead, 4 expired, 5 revoked as stated,
    -- 6 not yet valid, 7 of the cancelled company, 8 names nobody
    ('L1', 10, 2, 2, true, 'person', 1, null, true, '01', date '2020-01-01', date '2030-01-01',
        null::date, ''),
    ('L2', 10, 1, 2, true, 'person', 1, null, true, '01', date '2010-01-01', date '2020-01-01',
        null, ''),
    ('L3', 11, 1, 1, true, 'person', 3, null, true, '01', date '2020-01-01', null,
        date '2025-03-01', ''),
    ('L4', 12, 1, 1, true, 'person', 2, null, true, '01', date '2020-01-01', date '2025-12-31',
        null, ''),
    ('L5', 13, 1, 1, true, 'person', 2, null, true, '07', date '2020-01-01', date '2025-12-31',
        null, ''),
    ('L6', 14, 1, 1, true, 'organisation', null, 1, true, '01', date '2026-01-02', null, null, ''),
    ('L7', 15, 1, 1, true, 'organisation', null, 2, true, '01', date '2020-01-01', null,
        date '2024-05-05', ''),
    ('L8', 16, 1, 1, true, 'person', 2, null, false, '01', date '2020-01-01', null, null,
        'holder_code_unknown')
) as t(source_key, licence_id, version, last_version, is_well_formed, holder_kind_code, person_id,
    organisation_id, has_valid_holder, stated_state_code, valid_from, valid_to, holder_end_date,
    defects);
"""

_LIBRARY = """
create table population.link_person_source as
select *, 101::bigint as person_key from (values
    ('household_register', 'resident', 'R1', 'self')
) as t(system_code, table_code, source_key, role_code)
union all
select *, 101 from (values
    ('health_record', 'resident_record', 'H1', 'self'),
    ('civil_registry', 'marriage_registration', 'M1', 'male')
)
union all
select *, 102 from (values
    ('household_register', 'resident', 'R2', 'self'),
    ('civil_registry', 'marriage_registration', 'M1', 'female')
)
union all
select *, 103 from (values ('household_register', 'resident', 'R3', 'self'));

create table population.entity_person as from (values
    (101::bigint, '王建国', '1', date '1968-07-12', '甲路1号'),
    (102, '李秀英', '2', date '1990-01-01', '甲路1号'),
    (103, '张德福', '1', date '1940-01-01', '乙路2号')
) as t(person_key, name, sex_code, birth_date, address);

create table legal_entity.link_entity_source as from (values
    (201::bigint, 'enterprise_register', 'enterprise', 'E1'),
    (201, 'social_security', 'insured_unit', 'U1'),
    (202, 'enterprise_register', 'enterprise', 'E2')
) as t(entity_key, system_code, table_code, source_key);

create table licence.entity_licence as
select 'licence_issuing' as system_code, * from (values
    ('L1', 101::bigint, null::bigint, '01', 'valid'),
    ('L2', 101, null, '05', 'superseded'),
    ('L3', 103, null, '05', 'holder_ended'),
    ('L4', 102, null, '05', 'expired'),
    ('L5', 102, null, '07', 'stated'),
    ('L6', null, 201, '99', 'not_yet_valid'),
    ('L7', null, 202, '05', 'holder_ended'),
    ('L8', null, null, '01', 'valid')
) as t(source_key, person_key, entity_key, computed_state_code, computed_reason_code);
"""


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(_TRUTH)
    return path


@pytest.fixture
def library(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The three catalogs as `open_library` attaches them, but open for writing."""
    connection = duckdb.connect()
    for name in ("population", "legal_entity", "licence"):
        connection.execute(f"attach '{tmp_path / name}.duckdb' as {name}")
    connection.execute(_LIBRARY)
    yield connection
    connection.close()
