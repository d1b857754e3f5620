"""The codes of organisations, and their names, addresses and representatives over time.

Creates ``organisation``, one row each, government included. Add attributes of organisations here.
Keep out: whether and when they end (``organisations.py``), lists of what happened
(``organisation_changes.py``), what a department has heard of (``organisation_known.py``).

An attribute has up to three times, a, b and c: b begins on ``<attribute>_date_1``, c on
``<attribute>_date_2``; a null date never came. Sources: GB 32100-2015 (credit code), GB 11714-1997
(organisation code), GS 15-2006 (registration number; 13 digits before 2007).
"""

import duckdb

from sources.simulator.organisation_names import FIRST_NAME, OTHER_NAME, install_names, later_name

# Attribute -> changes after the base day, per million a day, of organisations that ever change it.
_HAZARDS = {"name": 40, "officer": 60, "address": 80}


def write_history(connection: duckdb.DuckDBPyConnection, numbers: dict[str, int | float]) -> None:
    """Create ``organisation``. Needs ``organisation_dated``."""
    install_names(connection)
    connection.execute(
        "create or replace temp macro in_time(d, date_1, date_2, a, b, c) as"
        " case when date_2 <= d then c when date_1 <= d then b else a end"
    )
    for statement in (OTHER_NAME, _MARKET, _GOVERNMENT, _ORGANISATION):
        connection.execute(statement.format(**numbers))


def _dates(attribute: str, share: str) -> str:
    return f"""
    case
        when founded_date is null and base_end - established_date > 60
            and below(organisation_id, '{attribute} changes', 1000) < {share}
            then established_date + 30 + below(
                organisation_id, '{attribute} day', base_end - established_date - 30
            )::integer
    end as {attribute}_date_1,
    case
        when {attribute}_date_1 is not null and base_end - {attribute}_date_1 > 30
            and chance(organisation_id, '{attribute} again', 200000)
            then {attribute}_date_1 + 1 + below(
                organisation_id, '{attribute} day 2', base_end - {attribute}_date_1 - 1
            )::integer
        when {share} > 0 then later_than(
            day_after_base(organisation_id, '{attribute} later', {_HAZARDS[attribute]}),
            established_date,
            ended_date
        )
    end as {attribute}_date_2,
    """


_MARKET = f"""
create or replace temp table organisation_named as
with later as (
    select
        dated.* exclude (established_date, abnormal_date, restored_date, revoked_date,
            cancelled_date),
        -- a branch is opened when its head stands
        case when dated.head_organisation_id is not null and founded_date is null
            then least(
                greatest(dated.established_date, other_name.established_date + 20),
                getvariable('today') - 10
            )
            else dated.established_date
        end as established_date,
        case when abnormal_date > dated.established_date then abnormal_date end as abnormal_date,
        case when restored_date > abnormal_date then restored_date end as restored_date,
        case when revoked_date > dated.established_date then revoked_date end as revoked_date,
        case when cancelled_date > dated.established_date then cancelled_date end as cancelled_date,
        other_name,
    from organisation_dated as dated
    left join other_name
        on coalesce(dated.head_organisation_id, dated.host_organisation_id)
            = other_name.organisation_id
),
ended as (
    select
        * exclude (abnormal_date, restored_date, revoked_date, cancelled_date),
        case when abnormal_date > established_date then abnormal_date end as abnormal_date,
        case when restored_date > abnormal_date and abnormal_date > established_date
            then restored_date end as restored_date,
        case when revoked_date > established_date then revoked_date end as revoked_date,
        case when cancelled_date > established_date then cancelled_date end as cancelled_date,
    from later
),
spanned as (
    select
        *,
        least(revoked_date, cancelled_date) as ended_date,
        least(revoked_date, cancelled_date, getvariable('today')) as base_end,
        kind in ('enterprise', 'branch', 'individual', 'cooperative') as is_market_entity,
    from ended
),
changed as (
    select
        *,
        {_dates("name", "name_changes")}
        {_dates("officer", "officer_changes")}
        {_dates("address", "address_changes")}
        case
            when founded_date is null and base_end - established_date > 60
                and below(organisation_id, 'capital changes', 1000) < capital_changes
                then established_date + 30 + below(
                    organisation_id, 'capital day', base_end - established_date - 30
                )::integer
        end as capital_date_1,
        coalesce(getvariable('county_code')[county_no + 1], case
            when kind = 'outside' then pick_code_elsewhere(organisation_id, 'division')
            else '371300'
        end) as registration_division_code,
        case
            when pair = '92' and established_date < date '2015-10-01'
                then 'L' || lpad(((organisation_id * 13 + 7) % 10000000)::varchar, 7, '0')
            when pair in ('91', '92', '93') and established_date >= date '2015-10-01'
                then 'MA3' || letters_31_5((organisation_id * 7919 + 101) % 28629151)
            when pair in ('54', '55', 'N1', 'N2', 'N3', '71', '81', '82', 'J1')
                then 'ME1' || letters_31_5((organisation_id * 7919 + 101) % 28629151)
            when established_date < date '2015-10-01' or pair in ('11', '12')
                then (20000000 + (organisation_id * 37 + 11) % 60000000)::varchar
            else 'MJE' || letters_31_5((organisation_id * 7919 + 101) % 28629151)
        end as body,
    from spanned
),
placed as (
    select
        *,
        '临沂' || case when chance(organisation_id, 'city in name', 400000) then '市' else '' end
            as city_in_name,
        -- 兰陵县 was called 苍山县 until 2013
        case
            when county_no = 6 and established_date < date '2014-01-01' then '苍山县'
            else coalesce(getvariable('county_name')[county_no + 1], '')
        end as county_in_name,
        getvariable('township')[township_no + 1] as township,
        case
            when village_township is not null then getvariable('village')[
                1 + (place // len(getvariable('township')) + township_no * 7)
                    % len(getvariable('village'))
            ]
            else pick_village(organisation_id, 'village')
        end || '村' as village,
    from changed
    inner join kind_name using (kind_no)
)
select
    *,
    {FIRST_NAME} as name_a,
    case when name_date_1 is not null then {later_name("b")} end as name_b,
    case when name_date_2 is not null then {later_name("c")} end as name_c,
    coalesce(getvariable('county_code')[county_no + 1], registration_division_code) as division_a,
    case when address_date_1 is not null and chance(organisation_id, 'far b', 200000)
        then pick_county_code(organisation_id, 'county b') else division_a end as division_b,
    case when address_date_2 is not null and chance(organisation_id, 'far c', 200000)
        then pick_county_code(organisation_id, 'county c')
        when address_date_1 is not null then division_b
        else division_a
    end as division_c,
    organisation_code(body) as organisation_code,
    coalesce(industry, pick_industry(organisation_id, 'industry')) as industry_code,
from placed
"""

_GOVERNMENT = """
create or replace temp table organisation_of_government as
select
    {registered} + body_no as organisation_id,
    case when function_code = 'township' then 'township' else 'government' end as kind,
    pair,
    body_no as place,
    county_no,
    established_date,
    ended_date as cancelled_date,
    ended_date as succeeded_date,
    {registered} + successor_body_no as successor_id,
    {registered} + supervisor_body_no as supervisor_organisation_id,
    function_code,
    division as registration_division_code,
    coalesce(uscc, credit_code(pair || division || organisation_code(body))) as uscc,
    organisation_code(body) as organisation_code,
    name as name_a,
    address_of(coalesce(county_no, 0), {registered} + body_no, 'organisation address') as address_a,
    division as division_a,
    grown_up({registered} + body_no, 'officer a') as officer_a,
    '9221' as industry_code,
from government
"""

_ORGANISATION = """
create or replace temp table organisation as
with county_body as (
    select county_no, function_code, organisation_id
    from organisation_of_government
    where cancelled_date is null
),
listed as (
    select
        named.*,
        -- a village, a school or a temple stands where its name says
        case
            when name_a like '%' || township || '%'
                then '山东省临沂市' || getvariable('county_name')[county_no + 1] || township
                    || village || (1 + below(organisation_id, 'lot', 400))::varchar || '号'
            else address_of(coalesce(county_no, 0), organisation_id, 'organisation address')
        end as address_a,
        case when address_date_1 is not null then address_of(
            index_of_county(division_b), organisation_id, 'organisation address b'
        ) end as address_b,
        case when address_date_2 is not null then address_of(
            index_of_county(division_c), organisation_id, 'organisation address c'
        ) end as address_c,
        case
            when coalesce(ended_date > date '2016-06-30', true)
                then credit_code(pair || registration_division_code || organisation_code)
        end as uscc,
        -- the numbers of 15 digits came in 2007 and went in 2015
        case
            when is_market_entity and established_date < date '2015-10-01'
                and coalesce(ended_date >= date '2007-07-01', true)
                then registration_number(
                    registration_division_code::bigint * 100000000
                    + case pair when '92' then 60000000 else 20000000 end
                    + organisation_id * 7 % 10000000
                )
        end as registration_number,
        case
            when is_market_entity and established_date < date '2007-07-01'
                then registration_division_code
                    || lpad(((organisation_id * 7 + 3) % 10000000)::varchar, 7, '0')
        end as former_registration_number,
        case
            when established_date < date '2015-10-01' and pair in ('91', '92', '93', '12', '52')
                then registration_division_code || organisation_code
        end as old_tax_number,
        case kind
            when 'school' then 'education'
            when 'hospital' then 'health_commission'
            when 'institution' then ['agriculture_rural', 'transport', 'civil_affairs',
                'human_resources', 'market_regulation'][1 + below(organisation_id, 'body', 5)]
        end as supervisor_function,
    from organisation_named as named
),
draft as (
    select
        listed.* exclude (supervisor_function),
        county_body.organisation_id as supervisor_organisation_id,
        null::varchar as function_code,
        case
            when kind = 'enterprise' and name_a like '%股份有限公司' then '1210'
            when kind = 'enterprise' then ['1130', '1151', '1151', '1153', '1190', '2190', '1110']
                [1 + below(listed.organisation_id, 'type', 7)]
            when kind = 'branch' then '2130'
            when kind = 'outside' then '1100'
            when kind = 'individual' then '9500'
            when kind = 'cooperative' then '9100'
            else pair
        end as entity_type_code,
        case
            when kind = 'branch' then null
            when pair = '92' and chance(listed.organisation_id, 'no capital', 600000) then null
            when pair = '92'
                then (1 + below(listed.organisation_id, 'capital', 20))::decimal(24, 6)
            when chance(listed.organisation_id, 'odd capital', 60000)
                then (below(listed.organisation_id, 'capital', 900000000) / 1000000.0)
                    ::decimal(24, 6)
            else ([3, 10, 30, 50, 100, 100, 200, 500, 1000, 3000, 5000, 10000]
                [1 + below(listed.organisation_id, 'capital', 12)])::decimal(24, 6)
        end as capital_wan_cny,
        '0539-' || (1000000 + below(listed.organisation_id, 'telephone', 8999999))::varchar
            as phone,
    from listed
    left join county_body
        on listed.county_no = county_body.county_no
        and listed.supervisor_function = county_body.function_code
    union all by name
    select *,
        '0539-' || (8000000 + place)::varchar as phone, false as is_market_entity,
        cancelled_date as ended_date, pair as entity_type_code
    from organisation_of_government
)
select
    * exclude (body, city_in_name, county_in_name, township, village, other_name, own_date,
        persona_id, kind_no, fate, first_date, second_date, base_end, industry, can_be_revoked,
        name_changes, officer_changes, address_changes, capital_changes, until_normal,
        until_restored, until_abnormal, until_revoked, until_cancelled, pattern, suffixes),
    in_time(getvariable('now'), name_date_1, name_date_2, name_a, name_b, name_c) as name,
    in_time(getvariable('now'), address_date_1, address_date_2, address_a, address_b, address_c)
        as address,
    in_time(getvariable('now'), address_date_1, address_date_2, division_a, division_b, division_c)
        as division_code,
    in_time(getvariable('now'), officer_date_1, officer_date_2, officer_a, officer_b, officer_c)
        as representative_person_id,
    status_on(getvariable('now'), abnormal_date, restored_date, revoked_date, cancelled_date)
        as status_code,
    case when is_market_entity or pair in ('12', '52', '11')
        then (1 + 120 * pow(unit(organisation_id, 'employees'), 5))::integer end as employee_count,
from draft
"""
