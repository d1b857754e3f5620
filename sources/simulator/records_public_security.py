"""What the police wrote: the household register (户籍人口, 家庭户).

Codes: 人口状态 1 在册, 2 死亡注销; sex GB/T 2261.1; marriage GB/T 2261.2; relation GB/T 4761;
household type 1 家庭户, 2 集体户. Add tables of the police here. Keep out: other departments.
"""

import duckdb

from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_household_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.household_register__resident`` and ``__household``."""
    connection.execute(_RESIDENT)
    record_truth(connection, system="household_register", table="resident", key="resident_no")
    connection.execute(_HOUSEHOLD)


_RESIDENT = f"""
create or replace table source.household_register__resident as
with known as (
    select
        person.*,
        mixed_up.other_number,
        household.moved_date,
        household.is_away,
        household.registered_address,
        household.registered_county,
        -- the register hears of 92 of 100 deaths, some weeks later
        case
            when death_date < getvariable('today') - 40 and not chance(person_id, 'hidden', 80000)
                then death_date + 1 + below(person_id, 'cancel', 38)::integer
        end as cancelled_date,
        getvariable('today') - below(person_id, 'register', 4380)::integer as touched_date,
    from person
    inner join household on person.household_id = household.household_id
    left join mixed_up on person.person_id = mixed_up.mixed_up_id
    where person.is_registered
),
draft as (
    select
        *,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        number_defect(
            person_id, 'police', number, other_number, number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(person_id, 'police', number) as _text_defect,
        birth_date_defect(person_id, 'police', birth_date, 0) as _birth_defect,
        greatest(
            touched_date,
            birth_date,
            case when not is_away then moved_date end,
            cancelled_date
        ) as updated_date,
    from known
)
select
    '37R' || row_number_text(person_id, 7654321987, 1200450) as resident_no,
    damaged_text(
        damaged_number(person_id, 'police', number, other_number, _number_defect), _text_defect
    ) as id_number,
    name,
    sex_code,
    ethnicity_code,
    damaged_birth(person_id, 'police', birth_date, _birth_defect) as birth_date,
    '3713' || row_number_text(household_id, 3217654987, 77) as household_no,
    relation_code as household_relation_code,
    getvariable('county_code')[registered_county + 1] as division_code,
    registered_address as address,
    education_code,
    marital_status_at_life as marital_status_code,
    case when cancelled_date is null then '1' else '2' end as status_code,
    cancelled_date,
    day_time(least(updated_date, getvariable('today')), person_id, 'police') as updated_at,
    _person_id,
    concat_ws(
        ',',
        _number_defect,
        _text_defect,
        _birth_defect,
        case when is_away then 'address_registered_elsewhere' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    cancelled_date is not null as _tells_death,
from draft
"""

_HOUSEHOLD = """
create or replace table source.household_register__household as
with heads as (
    select household_id, min(person_id) as head_person_id
    from person
    where is_registered
    group by household_id
)
select
    '3713' || row_number_text(heads.household_id, 3217654987, 77) as household_no,
    '37R' || row_number_text(head_person_id, 7654321987, 1200450) as head_resident_no,
    case when chance(heads.household_id, 'collective', 30000) then '2' else '1' end
        as household_type_code,
    getvariable('county_code')[registered_county + 1] as division_code,
    registered_address as address,
    coalesce(
        case when not is_away then moved_date end,
        getvariable('today') - 2200 - below(heads.household_id, 'created', 9000)::integer
    ) as created_date,
    day_time(
        coalesce(
            case when not is_away then moved_date end,
            getvariable('today') - below(heads.household_id, 'touched', 2100)::integer
        ),
        heads.household_id,
        'household'
    ) as updated_at,
from heads
inner join household on heads.household_id = household.household_id
"""
