"""What market regulation wrote: enterprises and individual businesses, and what happened to them.

Codes: 登记状态 as GB/T 36104 (1 正常, 2 异常, 3 吊销, 4 注销); events 01 设立, 02 变更, 03 注销,
04 吊销, 05 列入经营异常名录. 经营期限至 is a day, 长期, 9999-12-31 or empty. ``_capital_is_nan``
marks rows whose capital the database holds as NaN. Add tables of this department here.
"""

import duckdb

from sources.simulator.records import record_truth


def write_enterprise_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.enterprise_register__enterprise`` and ``__status_event``."""
    connection.execute(_ENTERPRISE)
    record_truth(
        connection,
        system="enterprise_register",
        table="enterprise",
        key="enterprise_no",
        kind="organisation",
    )
    connection.execute(_EVENT)


_ENTERPRISE = """
create or replace table source.enterprise_register__enterprise as
with draft as (
    select
        organisation.*,
        person.name as representative_name,
        person.number as representative_number,
        person.number_kind,
        greatest(
            established_date,
            coalesce(
                ended_date,
                abnormal_date,
                getvariable('today') - below(organisation_id, 'enterprise touched', 2400)::integer
            )
        ) as updated_date,
        number_text_defect(organisation_id, 'representative', person.number) as _text_defect,
        organisation_id % 211 = 3 as capital_is_nan,
    from organisation
    left join person on organisation.representative_person_id = person.person_id
    where organisation.is_market_entity
)
select
    '3713' || row_number_text(organisation_id, 2345678917, 19) as enterprise_no,
    uscc,
    registration_number,
    organisation_code,
    name,
    entity_type_code,
    representative_name as legal_representative_name,
    case when representative_number is not null then '10' end as legal_representative_id_type_code,
    damaged_text(representative_number, _text_defect) as legal_representative_id_number,
    capital_wan_cny as registered_capital_wan_cny,
    established_date,
    industry_code,
    division_code,
    address,
    ['日用百货销售', '建筑材料销售', '食品经营', '道路货物运输', '软件开发', '木材加工', '餐饮服务',
        '农产品初加工'][1 + below(organisation_id, 'scope', 8)]
        || '。(依法须经批准的项目,经相关部门批准后方可开展经营活动)' as business_scope,
    case when chance(organisation_id, 'no telephone', 300000) then null else phone end as phone,
    established_date as valid_from,
    case
        when pair = '92' then null
        else ['长期', '长期', '长期', '9999-12-31', '', null,
            (established_date + 10957)::varchar][1 + below(organisation_id, 'term', 7)]
    end as valid_to,
    status_code,
    division_code as registration_authority_code,
    least(established_date + 2, getvariable('today')) as approved_date,
    day_time(updated_date, organisation_id, 'enterprise') as updated_at,
    capital_is_nan as _capital_is_nan,
    organisation_id as _organisation_id,
    concat_ws(',', _text_defect, case when capital_is_nan then 'capital_nan' end) as _defects,
    true as _has_valid_number,
    not capital_is_nan as _is_landable,
    false as _tells_death,
from draft
"""

_EVENT = """
create or replace table source.enterprise_register__status_event as
select
    '37E' || row_number_text(organisation_id * 8 + place, 1234567891, 5) as event_no,
    '3713' || row_number_text(organisation_id, 2345678917, 19) as enterprise_no,
    event_type_code,
    event_date,
    case event_type_code
        when '01' then '设立登记'
        when '02' then ['住所变更', '法定代表人变更', '注册资本变更', '名称变更']
            [1 + below(organisation_id * 8 + place, 'what changed', 4)]
        when '03' then '注销登记'
        when '04' then '吊销营业执照'
        else '列入经营异常名录'
    end as description,
    day_time(event_date, organisation_id * 8 + place, 'event') as updated_at,
from organisation_event
"""
