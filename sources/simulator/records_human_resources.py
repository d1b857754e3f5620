"""What social security wrote about insured people.

Codes: sex 1, 2, 9; ethnicity in two digits or, from the old system, without the leading zero;
参保状态 1 正常参保, 2 暂停参保, 3 终止参保. Add tables of this department about people here.
Keep out: the units that pay for them (``organisation_tables.py``).
"""

import duckdb

from sources.simulator.known import NUMBER_STATE, PHONE_STATE
from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_social_security(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.social_security__insured_person``. Needs ``unit_list``."""
    connection.execute(_PERSON)
    record_truth(connection, system="social_security", table="insured_person", key="person_no")


_PERSON = f"""
create or replace table source.social_security__insured_person as
with insured as (
    select
        *,
        getvariable('today') - below(person_id, 'insured touched', 2900)::integer as touched_date,
        case when death_date + 61 <= getvariable('now') then death_date + 61 end
            as pension_ended_date,
        case
            when chance(person_id, 'worker', 520000) and age_days between 7300 and 21900
                then floor(
                    getvariable('units') * pow(unit(person_id, 'employer'), 2.2)
                )::bigint
        end as employer_place,
    from known_person('insured', 30)
    where age_days > 5900
        and chance(person_id, 'is insured', 780000)
        -- rows are removed: of people who left, and of one in four of the dead after the base day
        and left_date is null
        and not (
            death_date > getvariable('today')
            and chance(person_id, 'insured purged', 250000)
            and death_date + 20 <= getvariable('now')
        )
),
draft as (
    select
        *,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        least(touched_date, death_date) as contact_date,
        greatest(contact_date, changed_date) as updated_date,
        number_defect(
            person_id, 'insured', number, other_number, number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(person_id, 'insured', number) as _text_defect,
        birth_date_defect(person_id, 'insured', birth_date, 0) as _birth_defect,
        phone_defect(person_id, 'insured', phone) as _phone_defect,
        variant_name(person_id, 'insured', name) as written_name,
        updated_date < moved_date as is_stale,
    from insured
)
select
    '37P' || row_number_text(person_id, 5432198761, 99173) as person_no,
    damaged_text(
        damaged_number(person_id, 'insured', number, other_number, _number_defect), _text_defect
    ) as id_number,
    written_name as name,
    draft.sex_code,
    case when chance(person_id, 'old system', 200000) then ltrim(ethnicity_code, '0')
        else ethnicity_code end as ethnicity_code,
    damaged_birth(person_id, 'insured', birth_date, _birth_defect) as birth_date,
    damaged_phone(person_id, draft.phone, _phone_defect) as phone,
    getvariable('county_code')[
        case when coalesce(is_stale, false) then county_before else county_now end + 1
    ] as division_code,
    case when coalesce(is_stale, false) then address_before else address_now end as address,
    education_code,
    unit_list.unit_no as employer_unit_no,
    unit_list.name as employer_name,
    case
        when pension_ended_date is not null then '3'
        when chance(person_id, 'paused', 90000) then '2'
        else '1'
    end as insurance_status_code,
    least(
        contact_date,
        greatest(date '1994-07-01', birth_date + 5840)
        + below(person_id, 'insured since', 5000)::integer
    ) as insured_date,
    day_time(
        greatest(
            updated_date,
            case when pension_ended_date > getvariable('today') then pension_ended_date end
        ),
        person_id,
        'insured'
    ) as updated_at,
    _person_id,
    employer_place as _employer_place,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect,
        _birth_defect,
        _phone_defect,
        {PHONE_STATE},
        case when written_name <> draft.name then 'name_variant' end,
        name_state,
        case when is_stale then 'address_stale' else address_state end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
left join unit_list on draft.employer_place = unit_list.unit_place
"""
