"""Who issues and who holds each type of licence.

Creates the temporary tables ``issuer`` (one row per type and county), ``held`` (one row per licence
of a system, before its versions) and ``joint_holder`` (one row per holder of a licence with
several). Add rules of who may hold what here. Keep out: dates, numbers and versions
(``licences.py``).
"""

import duckdb

from sources.simulator.joint_holders import JOINT_HOLDERS
from sources.simulator.licence_types import LicenceSystem
from sources.simulator.mixer import set_list


def find_issuers(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``issuer`` and what is needed to find holders. Needs people and organisations."""
    connection.execute(_ISSUER)
    # the members of a household sit side by side
    places = connection.execute(
        "select seat - min(seat) over (partition by household_no) from seat order by seat"
    ).fetchall()
    set_list(connection, "household_place", [place for (place,) in places])
    connection.execute(_LENDER)
    connection.execute("set variable lenders = (select count(*) from lender)")
    connection.execute(_HOLDER_CODE_TYPE)
    connection.execute(
        "create or replace temp table joint_holder (system_code varchar, licence_id bigint,"
        " place integer, person_id bigint, organisation_id bigint, has_valid_code boolean,"
        " end_date date, defects varchar)"
    )


def find_holders(connection: duckdb.DuckDBPyConnection, systems: tuple[LicenceSystem, ...]) -> None:
    """Create ``held`` of some systems and append to ``joint_holder``. Needs ``issuer``."""
    codes = ", ".join(f"'{system.code}'" for system in systems)
    connection.execute(
        "create or replace temp table system_type as"
        f" select * from licence_type where system_code in ({codes})"
    )
    for statement in (_HELD, *JOINT_HOLDERS):
        connection.execute(statement)


# An issuer appears by its own code, by the code of the body it succeeded, by a division code, and
# for what was issued elsewhere by a body of another city: each with the check state after type and
# issuer.
_ISSUER = """
create or replace temp table issuer as
with body as (
    select organisation_id, name, uscc, function_code, coalesce(county_no, -1) as county_no,
        registration_division_code
    from organisation
    where function_code is not null and kind = 'government'
),
paired as (
    select
        licence_type.type_no,
        licence_type.licence_type_code,
        body.county_no,
        body.organisation_id as issuer_id,
        body.name as issuer_name,
        body.uscc as issuer_code,
        body.registration_division_code as division_code,
        former.organisation_id as former_id,
        former.name as former_name,
        former.uscc as former_code,
        credit_code('11370100' || organisation_code('00418899')) as elsewhere_code,
    from licence_type
    inner join body
        on licence_type.function_code = body.function_code
        and licence_type.is_city_level = (body.county_no = -1)
    left join body as former
        on licence_type.former_code = former.function_code and body.county_no = former.county_no
)
select
    *,
    licence_state_of(licence_type_code || issuer_code) as issuer_state,
    licence_state_of(licence_type_code || division_code) as division_state,
    licence_state_of(licence_type_code || former_code) as former_state,
    licence_state_of(licence_type_code || elsewhere_code) as elsewhere_state,
from paired
"""

_LENDER = """
create or replace temp table lender as
select row_number() over (order by organisation_id) - 1 as lender_no, organisation_id, name, uscc
from organisation
where kind = 'outside'
"""

_HOLDER_CODE_TYPE = """
create or replace temp macro holder_code_type(number_kind) as case number_kind
    when 'resident_number' then '111'
    when 'uscc' then '001'
    when 'other' then '099'
    when 'residence_permit' then '551'
    when 'home_return_permit' then '516'
    when 'taiwan_travel_permit' then '511'
    else '553'
end
"""

# Drawn below per_million: held on the base day; a little above: got after it, a day's share a day.
_HELD = """
create or replace temp table held as
with by_people as (
    select
        person_id * 64 + type_no as licence_id,
        type_no,
        person_id as base_id,
        'person' as holder_kind,
        person_id,
        null::bigint as organisation_id,
        greatest(date '2012-01-01', birth_date + (youngest * 365.25)::integer + 3)
            as eligible_date,
        county_now as county_no,
        (mix(person_id * 64 + type_no, 'holds') % 1000000)::bigint as draw,
    from person_life
    cross join system_type
    where born_date is null
        and draw < per_million + daily * (getvariable('now') - getvariable('today'))
        and case holders
            when 'person' then age_days between youngest * 365.25 and oldest * 365.25
            when 'resident' then is_registered and age_days >= youngest * 365.25 + 3
            when 'migrant' then is_migrant
                and age_days between youngest * 365.25 and oldest * 365.25
            else false
        end
),
by_couples as (
    select
        couple.couple_id * 64 + type_no as licence_id,
        type_no,
        couple.couple_id as base_id,
        'joint' as holder_kind,
        husband_id as person_id,
        null::bigint as organisation_id,
        case holders when 'married' then marriage_date else divorce_date end as eligible_date,
        household.county_now as county_no,
        (mix(couple.couple_id * 64 + type_no, 'holds') % 1000000)::bigint as draw,
    from couple
    cross join system_type
    inner join person on couple.wife_id = person.person_id
    inner join household on person.household_id = household.household_id
    where draw < per_million
        and husband_id is not null
        and case holders
            when 'married' then divorce_date is null and marriage_date >= date '2000-01-01'
            when 'divorced' then divorce_date is not null
            else false
        end
),
by_households as (
    select
        household.household_id * 64 + type_no as licence_id,
        type_no,
        household.household_id as base_id,
        'joint' as holder_kind,
        null::bigint as person_id,
        null::bigint as organisation_id,
        case holders when 'household' then date '2012-01-01' else date '2014-06-01' end
            as eligible_date,
        county_now as county_no,
        (mix(household.household_id * 64 + type_no, 'holds') % 1000000)::bigint as draw,
    from household
    cross join system_type
    where draw < per_million and holders in ('household', 'owners', 'mortgage', 'farmers')
),
by_organisations as (
    select
        organisation_id * 64 + type_no as licence_id,
        type_no,
        organisation_id as base_id,
        'organisation' as holder_kind,
        null::bigint as person_id,
        organisation_id,
        greatest(date '2010-01-01', established_date) as eligible_date,
        county_no,
        (mix(organisation_id * 64 + type_no, 'holds') % 1000000)::bigint as draw,
    from organisation
    cross join system_type
    where draw < per_million + daily * (getvariable('now') - getvariable('today'))
        and case holders
            when 'market' then is_market_entity
            when 'enterprise' then kind = 'enterprise'
            when 'individual' then kind = 'individual'
            when 'social' then pair in ('51', '52', '53')
            when 'grassroots' then pair in ('54', '55')
            when 'collective' then pair in ('N1', 'N2', 'N3')
            when 'farm' then kind = 'cooperative'
            when 'private_school' then kind = 'private_unit' and name_a like '%园'
            when 'clinic' then kind = 'hospital'
                or kind = 'individual' and name_a like '%诊所'
            when 'estate' then kind = 'enterprise' and name_a like '%房地产%'
            else false
        end
)
select * from by_people
union all
select * from by_couples
union all
select * from by_households
union all
select * from by_organisations
"""
