"""Who issues and who holds each type of licence.

Creates the temporary tables ``issuer`` and ``held`` (one row per licence, before its versions). Add
rules of who may hold what here. Keep out: dates, numbers and versions (``licences.py``).
"""

import duckdb


def find_issuers_and_holders(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``issuer`` and ``held``. Needs ``licence_type``, people and organisations."""
    connection.execute(_ISSUER)
    connection.execute(_HELD)


# Every way an issuer appears in an identifier, with the check state after type and issuer.
_ISSUER = """
create or replace temp table issuer as
with bodies as (
    select
        licence_type.type_no,
        organisation.organisation_id as issuer_organisation_id,
        organisation.name as issuer_name,
        coalesce(organisation.county_no, -1) as county_no,
        is_by_division,
        case when is_by_division then organisation.division_code else organisation.uscc end
            as issuer_code,
        licence_type.licence_type_code,
    from licence_type
    inner join organisation
        on licence_type.function_code = organisation.function_code
        and licence_type.is_city_level = (organisation.county_no is null)
    cross join (values (false), (true)) as forms(is_by_division)
)
select *, licence_state_of(licence_type_code || issuer_code) as prefix_state
from bodies
"""

_HELD = """
create or replace temp table held as
with by_people as (
    select
        person.person_id * 64 + type_no as licence_id,
        type_no,
        person.person_id,
        null::bigint as organisation_id,
        name as holder_name,
        number as holder_number,
        number_kind,
        birth_date,
        greatest(
            date '2012-01-01',
            case holders
                when 'married' then couple.marriage_date
                else birth_date + (youngest * 365.25)::integer + 3
            end
        ) as eligible_date,
        death_date as holder_end_date,
        household.county_now as county_no,
        mixed_up.other_number,
    from person
    inner join household on person.household_id = household.household_id
    left join mixed_up on person.person_id = mixed_up.mixed_up_id
    inner join couple on person.couple_id = couple.couple_id
    cross join licence_type
    where chance(person.person_id * 64 + type_no, 'holds', per_million)
        and case holders
            when 'person' then age_days between youngest * 365.25 and oldest * 365.25
            when 'resident' then is_registered and age_days >= youngest * 365.25 + 3
            when 'married' then role in ('husband', 'wife', 'left') and couple.divorce_date is null
                and couple.marriage_date >= date '2000-01-01'
            else false
        end
),
by_organisations as (
    select
        organisation_id * 64 + type_no as licence_id,
        type_no,
        null::bigint as person_id,
        organisation_id,
        name as holder_name,
        coalesce(uscc, registration_number, organisation_code) as holder_number,
        case when uscc is not null then 'uscc' else 'other' end as number_kind,
        null::date as birth_date,
        greatest(date '2010-01-01', established_date) as eligible_date,
        ended_date as holder_end_date,
        county_no,
        null::varchar as other_number,
    from organisation
    cross join licence_type
    where chance(organisation_id * 64 + type_no, 'organisation holds', per_million)
        and case holders
            when 'market' then is_market_entity
            when 'enterprise' then pair = '91'
            when 'individual' then pair = '92'
            when 'social' then pair in ('51', '52', '53')
            else false
        end
)
select * from by_people
union all
select * from by_organisations
"""
