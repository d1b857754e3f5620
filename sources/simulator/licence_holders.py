"""Who issues and who holds each type of licence.

Creates the temporary tables ``issuer`` (one row per type and county), ``held`` (one row per licence
of a system, before its versions) and ``joint_holder`` (one row per holder of a licence with
several). Add rules of who may hold what here. Keep out: dates, numbers and versions
(``licences.py``).
"""

import duckdb

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
    for statement in (_HELD, _JOINT_MEMBER, _DESCRIBED, _JOINT_HOLDER, _JOINT_LICENCE):
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

# Drawn below per_million: held on the base day; a little above: got after it, one day's share a day.
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

# Who stands on a joint licence: husband and wife, all of a household, its one to four owners, an
# owner and the bank that lent to him, and now and then a company that owns with people.
_JOINT_MEMBER = """
create or replace temp table joint_member as
with joint as (
    select held.*, holders, system_code, separator from held
    inner join system_type on held.type_no = system_type.type_no
    where holder_kind = 'joint'
),
by_couples as (
    select system_code, separator, licence_id, 0 as place, husband_id as person_id, null::bigint as organisation_id
    from joint
    inner join couple on joint.base_id = couple.couple_id
    where holders in ('married', 'divorced')
    union all
    select system_code, separator, licence_id, 1, wife_id, null
    from joint
    inner join couple on joint.base_id = couple.couple_id
    where holders in ('married', 'divorced')
),
by_households as (
    select
        system_code,
        separator,
        licence_id,
        getvariable('household_place')[
            1 + person.person_id % len(getvariable('household_place'))
        ] as place,
        person.person_id,
        null::bigint as organisation_id,
    from joint
    inner join person on joint.base_id = person.household_id
    where holders in ('household', 'owners', 'mortgage', 'farmers')
        and place < case holders
            when 'household' then 9
            when 'owners' then [1, 1, 1, 1, 2, 2, 2, 2, 3, 4]
                [1 + below(licence_id, 'owners', 10)]
            when 'mortgage' then 1
            when 'farmers' then case when chance(licence_id, 'all farmers', 300000) then 9 else 1
                end
        end
),
by_companies as (
    select
        system_code,
        separator,
        licence_id,
        10 as place,
        null::bigint as person_id,
        lender.organisation_id,
    from joint
    inner join lender
        on below(licence_id, 'lender', getvariable('lenders')) = lender.lender_no
    where holders = 'mortgage'
        or holders = 'owners' and chance(licence_id, 'owned with a company', 30000)
)
select * from by_couples
union all
select * from by_households
union all
select * from by_companies
"""

_DESCRIBED = """
create or replace temp table joint_described as
with described as (
    select
        member.*,
        licence_id * 16 + place as _row,
        coalesce(person.name, lender.name) as full_name,
        coalesce(person.number, lender.uscc) as full_code,
        coalesce(person.number_kind, 'uscc') as number_kind,
        coalesce(person.death_date, death.event_date) as end_date,
        person.has_shared_number,
        person.birth_date,
        case when person.person_id is not null then number_defect(
            _row, 'joint licence', person.number, null::varchar, person.number_kind,
            person.birth_date, 0
        ) end as _number_defect,
        case when person.person_id is not null
            then number_text_defect(_row, 'joint licence', person.number) end as _text_defect,
    from joint_member as member
    left join person on member.person_id = person.person_id
    left join death on member.person_id = death.person_id
    left join lender on member.organisation_id = lender.organisation_id
)
select
    system_code,
    separator,
    licence_id,
    place,
    person_id,
    organisation_id,
    full_name as name,
    damaged_text(
        damaged_number(_row, 'joint licence', full_code, null::varchar, _number_defect),
        _text_defect
    ) as code,
    holder_code_type(number_kind) as code_type,
    coalesce(_number_defect = 'number_15_digits', true) as has_valid_code,
    end_date,
    concat_ws(',', _number_defect, _text_defect,
        case when has_shared_number then 'number_shared' end) as defects,
    birth_date,
from described
"""

# What the truth keeps of it.
_JOINT_HOLDER = """
insert into joint_holder
select system_code, licence_id, place, person_id, organisation_id, has_valid_code, end_date, defects
from joint_described
"""

# The end of a joint licence's holders is the end of the last of them.
_JOINT_LICENCE = """
create or replace temp table joint_licence as
with gathered as (
    select
        licence_id,
        any_value(separator) as separator,
        list_sort(list(struct_pack(
            place := place, name := name, code := code, code_type := code_type,
            defects := defects
        ))) as members,
        min(code_type) = max(code_type) as is_one_type,
        case when count(end_date) = count(*) then max(end_date) end as end_date,
        bool_and(has_valid_code) as has_valid_code,
            max(birth_date) as youngest_birth,
        min(person_id) as person_id,
        min(organisation_id) filter (where person_id is null) as organisation_id,
    from joint_described
    group by licence_id
)
select
    * exclude (members, separator),
    len(members)::integer as holders,
    replace(array_to_string(list_transform(members, lambda m: m.name), chr(9)), chr(9), separator)
        as names,
    replace(array_to_string(list_transform(members, lambda m: m.code), chr(9)), chr(9), separator)
        as codes,
    replace(
        array_to_string(list_transform(members, lambda m: m.code_type), chr(9)), chr(9), separator
    ) as code_types,
    array_to_string(list_transform(members, lambda m: nullif(m.defects, '')), ',') as defects,
from gathered
"""
