"""What the police wrote: the household register (户籍人口, 家庭户).

Codes: 人口状态 1 在册, 2 死亡注销; sex GB/T 2261.1; marriage GB/T 2261.2; relation GB/T 4761;
household type 1 家庭户, 2 集体户. People who moved out of the city leave the register: their row is
gone. Add tables of the register's present state here. Keep out: what happened to it
(``records_police_changes.py``) and other departments.
"""

import duckdb

from sources.simulator.known import NUMBER_STATE
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
        *,
        -- the register hears of 92 of 100 deaths, some weeks later
        case when death_date is not null and not chance(person_id, 'hidden', 80000)
            then death_date + 1 + below(person_id, 'cancel', 38)::integer
        end as cancelling_date,
        case when cancelling_date <= getvariable('now') then cancelling_date end as cancelled_date,
        getvariable('today') - below(person_id, 'register', 4380)::integer as touched_date,
    from known_person('police', 0)
    where is_registered
        and left_date is null
        -- a birth is registered within a month
        and (
            age_days >= 0
            or birth_date + below(person_id, 'birth registered', 30)::integer <= getvariable('now')
        )
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
        variant_name(person_id, 'police', name, 1050) as written_name,
        greatest(
            touched_date,
            birth_date + case when age_days < 0 then below(person_id, 'birth registered', 30)
                else 0 end::integer,
            registered_moved_date,
            cancelled_date,
            papers_date
        ) as updated_date,
    from known
)
select
    '37R' || row_number_text(person_id, 7654321987, 1200450) as resident_no,
    damaged_text(
        damaged_number(person_id, 'police', number, other_number, _number_defect), _text_defect
    ) as id_number,
    written_name as name,
    sex_code,
    ethnicity_code,
    damaged_birth(person_id, 'police', birth_date, _birth_defect) as birth_date,
    '3713' || row_number_text(household_id, 3217654987, 77) as household_no,
    relation_code as household_relation_code,
    getvariable('county_code')[registered_county + 1] as division_code,
    registered_address as address,
    education_code,
    marital_status_code,
    case when cancelled_date is null then '1' else '2' end as status_code,
    cancelled_date,
    day_time(least(updated_date, getvariable('now')), person_id, 'police') as updated_at,
    _person_id,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect,
        _birth_defect,
        case when written_name <> name then 'name_variant' end,
        case when is_away then 'address_registered_elsewhere' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    cancelled_date is not null as _tells_death,
from draft
"""

# Marriages and births leave a household's row as it is; a registered move and the departure of its
# last member do not.
_HOUSEHOLD = """
create or replace table source.household_register__household as
with heads as (
    select
        household_id,
        -- who married into it is not its head while anybody else is of it
        arg_min(person_id, (role = 'single' and relation_code = '10', person_id))
            filter (where left_date is null) as head_person_id,
        max(left_date) as left_date,
    from known_person('police', 0)
    where is_registered
    group by household_id
),
moved as (
    select household_id, event_date, county_after, address_after
    from household_move
    where is_registered_move
),
placed as (
    select
        heads.household_id,
        head_person_id,
        heads.left_date,
        coalesce(moved.county_after, household.registered_county) as county,
        coalesce(moved.address_after, household.registered_address) as address,
        coalesce(
            moved.event_date,
            case when not household.is_away then household.moved_date end
        ) as moved_date,
    from heads
    inner join household on heads.household_id = household.household_id
    left join moved on heads.household_id = moved.household_id
    where head_person_id is not null
)
select
    '3713' || row_number_text(household_id, 3217654987, 77) as household_no,
    '37R' || row_number_text(head_person_id, 7654321987, 1200450) as head_resident_no,
    case when chance(household_id, 'collective', 30000) then '2' else '1' end
        as household_type_code,
    getvariable('county_code')[county + 1] as division_code,
    address,
    coalesce(
        moved_date,
        getvariable('today') - 2200 - below(household_id, 'created', 9000)::integer
    ) as created_date,
    day_time(
        greatest(
            coalesce(
                moved_date,
                getvariable('today') - below(household_id, 'touched', 2100)::integer
            ),
            left_date
        ),
        household_id,
        'household'
    ) as updated_at,
from placed
"""
