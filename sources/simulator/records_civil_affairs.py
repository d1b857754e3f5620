"""What civil affairs wrote: marriages, social organisations, cremations, in one SQLite file.

Dates are text in ISO form; some say what SQLite lets anybody say. Registration types: IA 结婚登记,
IB 离婚登记, ICA 补领结婚证. Organisation states as GB/T 36104. Add tables of this department here.
"""

import duckdb

from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_civil_registry(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.civil_registry__marriage_registration``, ``__social_organisation`` and
    ``__cremation``.
    """
    connection.execute(_MARRIAGE)
    for role in ("male", "female"):
        record_truth(
            connection,
            system="civil_registry",
            table="marriage_registration",
            key="registration_no",
            role=role,
            prefix=f"{role}_",
        )
    connection.execute(_SOCIAL_ORGANISATION)
    record_truth(
        connection,
        system="civil_registry",
        table="social_organisation",
        key="organisation_no",
        kind="organisation",
    )
    connection.execute(_CREMATION)
    record_truth(connection, system="civil_registry", table="cremation", key="record_no")


def _spouse(role: str, other: str) -> str:
    """The columns of one spouse, named by role and drawn under the role's purpose.

    A wrong number on a marriage form is the other spouse's: the clerk copied the wrong line.
    """
    purpose = f"wedding {role}"
    return f"""
        {role}.name as {role}_true_name,
        {role}.number as {role}_number,
        {role}.person_id as _{role}_person_id,
        number_defect(
            _row,
            '{purpose}',
            {role}.number,
            case when chance(_row, '{purpose}/mixed up', 20000) then {other}.number end,
            {role}.number_kind,
            {role}.birth_date,
            0
        ) as _{role}_number_defect,
        number_text_defect(_row, '{purpose}', {role}.number) as _{role}_text_defect,
        variant_name(_row, '{purpose}', {role}.name) as {role}_name,
    """


def _spouse_truth(role: str) -> str:
    return f"""
    concat_ws(
        ',',
        _{role}_number_defect,
        _{role}_text_defect,
        case when {role}_name <> {role}_true_name then 'name_variant' end,
        case when is_date_damaged then 'date_unknown' end
    ) as _{role}_defects,
    coalesce(_{role}_number_defect = 'number_15_digits', true) as _{role}_has_valid_number,
    """


def _spouse_number(role: str, other: str) -> str:
    return f"""
    damaged_text(
        damaged_number(
            _row, 'wedding {role}', {role}_number, {other}_number, _{role}_number_defect
        ),
        _{role}_text_defect
    ) as {role}_id_number,
    """


_MARRIAGE = f"""
create or replace table source.civil_registry__marriage_registration as
with registrations as (
    select couple_id, husband_id, wife_id, couple_id * 4 as _row, 'IA' as type_code,
        marriage_date as registered
    from couple
    where marriage_date >= date '1986-01-01' and chance(couple_id, 'on file', 900000)
    union all
    select couple_id, husband_id, wife_id, couple_id * 4 + 1, 'IB', divorce_date
    from couple
    where divorce_date is not null
    union all
    select couple_id, husband_id, wife_id, couple_id * 4 + 2, 'ICA',
        greatest(
            marriage_date + 60,
            getvariable('today') - below(couple_id, 'new paper', 3000)::integer
        )
    from couple
    where marriage_date < getvariable('today') - 100 and divorce_date is null
        and chance(couple_id, 'lost paper', 40000)
),
draft as (
    select
        registrations.*,
        {_spouse("male", "female")}
        {_spouse("female", "male")}
        household.county_now,
        _row % 701 = 60 as is_date_damaged,
    from registrations
    inner join person as male on registrations.husband_id = male.person_id
    inner join person as female on registrations.wife_id = female.person_id
    inner join household on female.household_id = household.household_id
    where registered <= getvariable('today')
)
select
    'J371300-' || row_number_text(_row, 8765432191, 606) as registration_no,
    type_code as registration_type_code,
    male_name,
    {_spouse_number("male", "female")}
    female_name,
    {_spouse_number("female", "male")}
    case
        when is_date_damaged then year(registered)::varchar || '年' || month(registered)::varchar
            || '月'
        else registered::varchar
    end as registered_date,
    getvariable('county_code')[county_now + 1] as division_code,
    strftime(
        day_time(greatest(registered, date '2004-03-01'), _row, 'wedding'), '%Y-%m-%d %H:%M:%S'
    ) as updated_at,
    _male_person_id,
    _female_person_id,
    {_spouse_truth("male")}
    {_spouse_truth("female")}
    not is_date_damaged as _is_landable,
    false as _tells_death,
from draft
"""

_SOCIAL_ORGANISATION = """
create or replace table source.civil_registry__social_organisation as
with draft as (
    select
        organisation.*,
        person.name as representative_name,
        person.number as representative_number,
        organisation_id % 67 = 50 as is_capital_damaged,
    from organisation
    left join person on organisation.representative_person_id = person.person_id
    where organisation.pair in ('51', '52', '53')
)
select
    '37S' || row_number_text(organisation_id, 6543219871, 1212) as organisation_no,
    uscc,
    name,
    pair as organisation_type_code,
    representative_name as legal_representative_name,
    representative_number as legal_representative_id_number,
    case
        when is_capital_damaged then '叁万元整'
        else trim(trailing '.' from trim(trailing '0' from capital_wan_cny::varchar))
    end as registered_capital_wan_cny,
    established_date::varchar as established_date,
    division_code,
    address,
    phone,
    status_code,
    ended_date::varchar as cancelled_date,
    strftime(
        day_time(
            coalesce(ended_date, abnormal_date, getvariable('today')
                - below(organisation_id, 'touched', 900)::integer),
            organisation_id,
            'social'
        ),
        '%Y-%m-%d %H:%M:%S'
    ) as updated_at,
    organisation_id as _organisation_id,
    case when is_capital_damaged then 'capital_in_words' else '' end as _defects,
    uscc is not null as _has_valid_number,
    not is_capital_damaged as _is_landable,
    false as _tells_death,
from draft
"""

_CREMATION = f"""
create or replace table source.civil_registry__cremation as
with draft as (
    select
        person.*,
        mixed_up.other_number,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        household.county_now,
        number_defect(
            person_id, 'cremation', number, other_number, number_kind, birth_date, 0
        )
            as _number_defect,
        number_text_defect(person_id, 'cremation', number) as _text_defect,
        variant_name(person_id, 'cremation', name) as written_name,
        below(person_id, 'cremation unknown', 120) = 5 as is_date_damaged,
    from person
    inner join household on person.household_id = household.household_id
    left join mixed_up on person.person_id = mixed_up.mixed_up_id
    where death_date <= getvariable('today') - 4 and chance(person_id, 'cremated', 850000)
)
select
    '37C' || row_number_text(person_id, 3219876547, 421) as record_no,
    written_name as name,
    damaged_text(
        damaged_number(person_id, 'cremation', number, other_number, _number_defect), _text_defect
    ) as id_number,
    sex_code,
    case when is_date_damaged then '不详' else death_date::varchar end as death_date,
    (death_date + 1 + below(person_id, 'cremated after', 3)::integer)::varchar as cremation_date,
    getvariable('county_code')[county_now + 1] as division_code,
    strftime(day_time(death_date + 4, person_id, 'cremation'), '%Y-%m-%d %H:%M:%S') as updated_at,
    _person_id,
    concat_ws(
        ',',
        _number_defect,
        _text_defect,
        case when written_name <> name then 'name_variant' end,
        case when is_date_damaged then 'date_unknown' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    not is_date_damaged as _is_landable,
    true as _tells_death,
from draft
"""
