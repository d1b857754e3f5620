"""Organisations: enterprises, cooperatives, businesses, social organisations, government.

Creates the temporary tables ``organisation`` (one row each, ids from 0) and ``organisation_event``
(dated changes of state). Add kinds of organisations and what happens to them here. Keep out: what
departments wrote about them (``records_market``, ``records_human_resources``).

Sources: GB 32100-2015 (credit code), GS 15-2006 (registration number), GB/T 36104-2018 (states 1
正常, 2 异常, 3 吊销, 4 注销; business types 01 设立, 02 变更, 03 注销).
"""

import duckdb

from sources.registry import Registry
from sources.simulator.government import create_government
from sources.simulator.mixer import set_list
from sources.simulator.plan import CityPlan

# Organisations per million residents, by the first two characters of the credit code.
_PER_MILLION = {"91": 36_000, "93": 3_600, "92": 82_000, "52": 4_200, "51": 3_400, "53": 400}
_INDUSTRIES = (
    "5211 5221 5241 5281 5171 5179 6210 6220 6110 5010 4710 4820 5430 2110 3011 1711 3311 6510 "
    "7211 7010 8010 8111 8321 0141 0321 1310 7320 5122 5291 6031"
)
_SUFFIXES = {
    "91": ("商贸有限公司", "建材有限公司", "物流有限公司", "食品有限公司", "科技有限公司",
           "机械有限公司", "木业有限公司", "建筑工程有限公司", "农业发展有限公司",
           "电子商务有限公司"),
    "92": ("超市", "饭店", "五金店", "服装店", "早餐店", "理发店", "汽修部", "建材经营部", "水果店",
           "诊所", "烟酒店", "面馆"),
    "93": ("种植专业合作社", "养殖专业合作社", "果蔬专业合作社", "农机专业合作社"),
    "51": ("商会", "行业协会", "志愿者协会", "书法家协会", "体育协会"),
    "52": ("幼儿园", "职业培训学校", "社会工作服务中心", "养老服务中心"),
    "53": ("慈善基金会", "教育基金会"),
}  # fmt: skip


def build_organisations(
    connection: duckdb.DuckDBPyConnection, plan: CityPlan, registry: Registry
) -> None:
    """Create ``government``, ``organisation`` and ``organisation_event``. Needs ``person``."""
    create_government(connection, registry)
    for pair, suffixes in _SUFFIXES.items():
        set_list(connection, f"suffix_{pair}", suffixes)
    set_list(connection, "industry", _INDUSTRIES.split())
    connection.execute(
        "create or replace temp table organisation_range (pair varchar, first bigint, size bigint)"
    )
    first = 0
    for pair, share in _PER_MILLION.items():
        size = plan.count(per_million_residents=share)
        connection.execute("insert into organisation_range values (?, ?, ?)", [pair, first, size])
        first += size
    connection.execute(_REPRESENTATIVE_SEATS)
    connection.execute(_ORGANISATION.format(registered=first))
    connection.execute(_EVENT)


_REPRESENTATIVE_SEATS = """
create or replace temp table representative_seat as
select row_number() over (order by seat) - 1 as place, seat
from seat
where role in ('husband', 'wife')
"""

_ORGANISATION = """
create or replace temp table organisation as
with registered as (
    select first + i as organisation_id, pair
    from organisation_range, range({registered}) as t(i)
    where i < size
),
drawn as (
    select
        organisation_id,
        pair,
        pick_county_slot(organisation_id, 'organisation county') as county_no,
        -- people who stand for an organisation are husbands and wives of the full blocks
        below(
            organisation_id,
            'representative block',
            getvariable('residents') // (select count(*) from seat)
        ) * (select count(*) from seat) as block_start,
        below(
            organisation_id,
            'representative place',
            (select count(*) from representative_seat)
        ) as place,
        (
            case pair when '92' then 6200 else 11800 end
            * pow(unit(organisation_id, 'established'), 1.7)
        )::integer as age_days,
        below(organisation_id, 'fate', 1000) as fate,
    from registered
),
represented as (
    select
        drawn.*,
        person.person_id as representative_person_id,
        greatest(
            getvariable('today') - 20 - drawn.age_days,
            least(person.birth_date + 8050, getvariable('today') - 15)
        ) as established_date,
    from drawn
    inner join representative_seat on drawn.place = representative_seat.place
    inner join person on drawn.block_start + representative_seat.seat = person.person_id
),
fated as (
    select
        *,
        case pair
            when '92' then case
                when fate < 690 then '1' when fate < 705 then '2' when fate < 715 then '3' else '4'
            end
            else case
                when fate < 790 then '1' when fate < 825 then '2' when fate < 870 then '3' else '4'
            end
        end as status_code,
        established_date + 1 + below(
            organisation_id, 'state day', greatest(1, getvariable('today') - established_date)
        )::integer as state_date,
    from represented
),
coded as (
    select
        *,
        getvariable('county_code')[county_no + 1] as division_code,
        case when status_code in ('3', '4') then least(state_date, getvariable('today')) end
            as ended_date,
        case
            when pair = '92' and established_date < date '2015-10-01'
                then 'L' || lpad(((organisation_id * 13 + 7) % 10000000)::varchar, 7, '0')
            when established_date < date '2015-10-01'
                then (20000000 + (organisation_id * 37 + 11) % 60000000)::varchar
            else 'MA3' || letters_31_5((organisation_id * 7919 + 101) % 28629151)
        end as body,
        pair in ('91', '92', '93') as is_market_entity,
    from fated
),
numbered as (
    select
        *,
        organisation_code(body) as full_organisation_code,
        is_market_entity and established_date < date '2015-10-01' as has_registration_number,
        -- old organisations that ended before the codes were unified never got a credit code
        coalesce(ended_date > date '2016-06-30', true) as has_uscc,
        pair || division_code || full_organisation_code as credit_stem,
    from coded
),
named as (
    select
        organisation_id,
        pair,
        county_no,
        division_code,
        representative_person_id,
        established_date,
        status_code,
        ended_date,
        case when status_code = '2' then least(state_date, getvariable('today')) end
            as abnormal_date,
        is_market_entity,
        case when has_uscc then credit_code(credit_stem) end
            as uscc,
        case
            when pair = '92' and established_date < date '2015-10-01' and not has_uscc then null
            else full_organisation_code
        end as organisation_code,
        case when has_registration_number then registration_number(
            division_code::bigint * 100000000
            + case pair when '92' then 60000000 else 20000000 end
            + organisation_id * 7 % 10000000
        ) end as registration_number,
        case pair when '92' then '' else '临沂' || case
            when chance(organisation_id, 'city in name', 400000) then '市' else '' end
        end
        || case pair when '92' then getvariable('county_name')[county_no + 1] else '' end
        || pick_trade_word(organisation_id, 'trade 1')
        || pick_trade_word(organisation_id, 'trade 2')
        || case when chance(organisation_id, 'three characters', 300000)
            then pick_trade_word(organisation_id, 'trade 3') else '' end
        || case pair
            when '91' then pick_suffix_91(organisation_id, 'suffix')
            when '92' then pick_suffix_92(organisation_id, 'suffix')
            when '93' then pick_suffix_93(organisation_id, 'suffix')
            when '51' then pick_suffix_51(organisation_id, 'suffix')
            when '52' then pick_suffix_52(organisation_id, 'suffix')
            else pick_suffix_53(organisation_id, 'suffix')
        end as name,
        case pair
            when '91' then ['1130', '1151', '1151', '1153', '1190', '2190', '4540', '1110']
                [1 + below(organisation_id, 'type', 8)]
            when '92' then '9500'
            when '93' then '9100'
            else pair
        end as entity_type_code,
        case
            when pair = '92' and chance(organisation_id, 'no capital', 600000) then null
            when pair = '92' then (1 + below(organisation_id, 'capital', 20))::decimal(24, 6)
            when chance(organisation_id, 'odd capital', 60000)
                then (below(organisation_id, 'capital', 900000000) / 1000000.0)::decimal(24, 6)
            else ([3, 10, 30, 50, 100, 100, 200, 500, 1000, 3000, 5000, 10000]
                [1 + below(organisation_id, 'capital', 12)])::decimal(24, 6)
        end as capital_wan_cny,
        pick_industry(organisation_id, 'industry') as industry_code,
        address_of(county_no, organisation_id, 'organisation address') as address,
        '0539-' || (1000000 + below(organisation_id, 'telephone', 8999999))::varchar as phone,
        null::varchar as function_code,
    from numbered
),
bodies as (
    select
        {registered} + body_no as organisation_id,
        body_no,
        function_code,
        county_no,
        division,
        name,
        pair,
        organisation_code(body) as organisation_code,
        uscc,
        pair || division || organisation_code(body) as credit_stem,
    from government
),
government_bodies as (
    select
        organisation_id,
        pair,
        county_no,
        division as division_code,
        null::bigint as representative_person_id,
        date '1994-12-17' + (body_no * 3)::integer as established_date,
        '1' as status_code,
        null::date as ended_date,
        null::date as abnormal_date,
        false as is_market_entity,
        coalesce(uscc, credit_code(credit_stem)) as uscc,
        organisation_code,
        null::varchar as registration_number,
        name,
        pair as entity_type_code,
        null::decimal(24, 6) as capital_wan_cny,
        '9221' as industry_code,
        address_of(coalesce(county_no, 0), organisation_id, 'organisation address') as address,
        '0539-' || (8000000 + body_no)::varchar as phone,
        function_code,
    from bodies
)
select * from named
union all
select * from government_bodies
"""

_EVENT = """
create or replace temp table organisation_event as
with market as (
    select * from organisation where is_market_entity
),
founded as (
    select organisation_id, 0 as place, '01' as event_type_code, established_date as event_date
    from market
),
changed as (
    select
        organisation_id,
        1 + n as place,
        '02' as event_type_code,
        established_date + 1 + below(
            organisation_id * 4 + n,
            'change day',
            greatest(1, coalesce(ended_date, getvariable('today')) - established_date - 1)
        )::integer as event_date
    from market, range(2) as changes(n)
    where chance(organisation_id * 4 + n, 'change', 350000)
),
ended as (
    select
        organisation_id,
        4 as place,
        case status_code when '4' then '03' else '04' end as event_type_code,
        ended_date as event_date
    from market
    where ended_date is not null
),
abnormal as (
    select organisation_id, 3 as place, '05' as event_type_code, abnormal_date as event_date
    from market
    where abnormal_date is not null
),
final as (
    select * from founded
    union all
    select * from changed
    union all
    select * from abnormal
    union all
    select * from ended
)
select * from final
where event_date <= getvariable('today')
"""
