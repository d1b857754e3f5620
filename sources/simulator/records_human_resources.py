"""What social security wrote: insured people and the units that pay for them.

Codes: sex 1, 2, 9; ethnicity in two digits or, from the old system, without the leading zero;
参保状态 1 正常参保, 2 暂停参保, 3 终止参保; unit type 1 企业, 2 机关, 3 事业单位, 4 社会组织,
5 个体工商户. Old units have no credit code: an organisation code (with or without hyphen) or a
registration number stands for them. Add tables of this department here.
"""

import duckdb

from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_social_security(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.social_security__insured_unit`` and ``__insured_person``."""
    connection.execute(_UNIT_LIST)
    connection.execute("set variable units = (select count(*) from unit_list)")
    connection.execute(_PERSON)
    connection.execute(_UNIT)
    record_truth(connection, system="social_security", table="insured_person", key="person_no")
    record_truth(
        connection,
        system="social_security",
        table="insured_unit",
        key="unit_no",
        kind="organisation",
    )


_UNIT_LIST = """
create or replace temp table unit_list as
select
    organisation.*,
    row_number() over (order by organisation_id) - 1 as unit_place,
    '37U' || row_number_text(organisation_id, 9876543213, 4711) as unit_no,
from organisation
where chance(organisation_id, 'insured', case
    when pair in ('11', '12', '13') then 1000000
    when pair = '91' then 600000
    when pair = '92' then 80000
    else 400000
end)
"""

_PERSON = f"""
create or replace table source.social_security__insured_person as
with insured as (
    select
        person.*,
        mixed_up.other_number,
        household.moved_date,
        household.county_now,
        household.county_before,
        household.address_now,
        household.address_before,
        getvariable('today') - below(person_id, 'insured touched', 2900)::integer as touched_date,
        case
            when chance(person_id, 'worker', 520000) and age_days between 7300 and 21900
                then floor(
                    getvariable('units') * pow(unit(person_id, 'employer'), 2.2)
                )::bigint
        end as employer_place,
    from person
    inner join household on person.household_id = household.household_id
    left join mixed_up on person.person_id = mixed_up.mixed_up_id
    where age_days > 5900 and chance(person_id, 'is insured', 780000)
),
draft as (
    select
        *,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        least(touched_date, death_date) as updated_date,
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
        when draft.death_date < getvariable('today') - 60 then '3'
        when chance(person_id, 'paused', 90000) then '2'
        else '1'
    end as insurance_status_code,
    least(
        updated_date,
        greatest(date '1994-07-01', birth_date + 5840)
        + below(person_id, 'insured since', 5000)::integer
    ) as insured_date,
    day_time(updated_date, person_id, 'insured') as updated_at,
    _person_id,
    employer_place as _employer_place,
    concat_ws(
        ',',
        _number_defect,
        _text_defect,
        _birth_defect,
        _phone_defect,
        case when written_name <> draft.name then 'name_variant' end,
        case when is_stale then 'address_stale' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
left join unit_list on draft.employer_place = unit_list.unit_place
"""

_UNIT = """
create or replace table source.social_security__insured_unit as
with counted as (
    select _employer_place, count(*)::integer as people
    from source.social_security__insured_person
    where _employer_place is not null
    group by _employer_place
),
identified as (
    select
        unit_list.*,
        coalesce(counted.people, 0) as people,
        person.name as representative_name,
        person.number as representative_number,
        -- one unit in eight that is older than the credit code was never brought up to date
        established_date < date '2015-10-01'
            and (uscc is null or chance(organisation_id, 'old papers', 125000)) as is_old,
        chance(organisation_id, 'wrong unit code', 3000) as is_mistyped,
    from unit_list
    left join counted on unit_list.unit_place = counted._employer_place
    left join person on unit_list.representative_person_id = person.person_id
),
written as (
    select
        *,
        case when not is_old then uscc end as plain_uscc,
        case when is_old and (
            registration_number is null or chance(organisation_id, 'both codes', 600000)
        ) then organisation_code end as plain_organisation_code,
        case when is_old then registration_number end as plain_registration_number,
        case when chance(organisation_id, 'full-width brackets', 10000)
            then replace(name, '公司', '公司（原）') else name end as written_name,
    from identified
)
select
    unit_no,
    case
        when is_mistyped then substr(plain_uscc, 1, 11)
            || ((substr(plain_uscc, 12, 1) = '7')::integer * 2 + 7 - (
                substr(plain_uscc, 12, 1) = '9')::integer)::varchar
            || substr(plain_uscc, 13)
        when chance(organisation_id, 'small letters', 8000) then lower(plain_uscc)
        else plain_uscc
    end as uscc,
    plain_registration_number as registration_number,
    case when chance(organisation_id, 'hyphen', 500000)
        then substr(plain_organisation_code, 1, 8) || '-' || substr(plain_organisation_code, 9)
        else plain_organisation_code
    end as organisation_code,
    written_name as name,
    case
        when pair = '92' then '5'
        when pair = '11' then '2'
        when pair in ('12', '13') then '3'
        when pair in ('91', '93') then '1'
        else '4'
    end as unit_type_code,
    representative_name as legal_representative_name,
    representative_number as legal_representative_id_number,
    division_code,
    address,
    phone,
    people as insured_person_count,
    case when ended_date is null then '1' when status_code = '3' then '2' else '3' end
        as status_code,
    day_time(
        getvariable('today') - below(organisation_id, 'unit touched', 1500)::integer,
        organisation_id,
        'unit'
    ) as updated_at,
    organisation_id as _organisation_id,
    concat_ws(
        ',',
        case when is_mistyped and plain_uscc is not null then 'number_digit_typo' end,
        case when is_old then 'old_code' end
    ) as _defects,
    not (is_mistyped and plain_uscc is not null) as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from written
"""
