"""What civil affairs wrote about people: marriages and cremations, in one SQLite file.

Dates are text in ISO form; some say what SQLite lets anybody say. Registration types: IA 结婚登记,
IB 离婚登记, ICA 补领结婚证. Add tables of this department about people here. Keep out: social
organisations (``organisation_tables.py``).
"""

import duckdb

from sources.simulator.known import NUMBER_STATE
from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_civil_registry(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.civil_registry__marriage_registration`` and ``__cremation``."""
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
    connection.execute(_CREMATION)
    record_truth(connection, system="civil_registry", table="cremation", key="record_no")


def _spouse(role: str, other: str) -> str:
    """The columns of one spouse, named by role and drawn under the role's purpose.

    A wrong number on a marriage form is the other spouse's: the clerk copied the wrong line.
    """
    purpose = f"wedding {role}"
    return f"""
        paper_on({role}.name, {role}.name_otherwise, {role}.name_date, registered)
            as {role}_true_name,
        paper_on({role}.number, {role}.number_otherwise, {role}.number_date, registered)
            as {role}_number,
        paper_state(
            {role}.number, {role}.number_otherwise, {role}.number_date, registered, 'number_former'
        ) as {role}_number_state,
        paper_state({role}.name, {role}.name_otherwise, {role}.name_date, registered, 'name_former')
            as {role}_name_state,
        {role}.person_id as _{role}_person_id,
        number_defect(
            _row,
            '{purpose}',
            {role}_number,
            case when chance(_row, '{purpose}/mixed up', 20000) then {other}.number end,
            {role}.number_kind,
            {role}.birth_date,
            0
        ) as _{role}_number_defect,
        number_text_defect(_row, '{purpose}', {role}_number) as _{role}_text_defect,
        variant_name(_row, '{purpose}', {role}_true_name) as {role}_name,
    """


def _spouse_truth(role: str) -> str:
    return f"""
    concat_ws(
        ',',
        _{role}_number_defect,
        case when coalesce(_{role}_number_defect, 'number_15_digits') = 'number_15_digits'
            then {role}_number_state end,
        _{role}_text_defect,
        {role}_name_state,
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
    union all
    select couple_id, husband_id, wife_id, couple_id * 4, 'IA', event_date
    from new_couple
    union all
    select couple_id, husband_id, wife_id, couple_id * 4 + 1, 'IB', event_date
    from divorce
),
draft as (
    select
        registrations.*,
        {_spouse("male", "female")}
        {_spouse("female", "male")}
        household.county_now,
        _row % 701 = 60 as is_date_damaged,
    from registrations
    inner join person_life as male on registrations.husband_id = male.person_id
    inner join person_life as female on registrations.wife_id = female.person_id
    inner join household on female.household_id = household.household_id
    where registered <= getvariable('now')
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

_CREMATION = f"""
create or replace table source.civil_registry__cremation as
with draft as (
    select
        *,
        person_id as _row,
        person_id as _person_id,
        number as _number,
        number_defect(
            person_id, 'cremation', number, other_number, number_kind, birth_date, 0
        )
            as _number_defect,
        number_text_defect(person_id, 'cremation', number) as _text_defect,
        variant_name(person_id, 'cremation', name) as written_name,
        below(person_id, 'cremation unknown', 120) = 5 as is_date_damaged,
    from dead_person(4)
    where chance(person_id, 'cremated', 850000)
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
        {NUMBER_STATE},
        _text_defect,
        case when written_name <> name then 'name_variant' end,
        case when is_date_damaged then 'date_unknown' end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    not is_date_damaged as _is_landable,
    true as _tells_death,
from draft
"""
