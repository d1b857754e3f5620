"""What happened to organisations, as lists: dated changes of an attribute, dated events.

Creates ``organisation_change`` and ``organisation_event``. Add kinds of changes and events here.
Keep out: the attributes themselves (``organisation_history.py``).

Events of GB/T 36104-2018: 01 设立, 02 变更, 03 注销, 04 吊销, 05 列入异常; 06 移出异常 is the
register's own. Changes: 01 名称, 02 法定代表人, 03 住所, 04 注册资本.
"""

import duckdb


def list_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``organisation_change`` and, for market entities, ``organisation_event``. Needs
    ``organisation``.
    """
    connection.execute(_CHANGE)
    connection.execute(_EVENT)


_CHANGE = """
create or replace temp table organisation_change as
with changed as (
    select * from organisation
    where coalesce(name_date_1, name_date_2, officer_date_1, officer_date_2, address_date_1,
        address_date_2, capital_date_1) is not null
),
final as (
    select organisation_id, 0 as place, '01' as item_code, name_a as value_before,
        name_b as value_after, name_date_1 as changed_date
    from changed where name_date_1 is not null
    union all
    select organisation_id, 1, '01', coalesce(name_b, name_a), name_c, name_date_2
    from changed where name_date_2 is not null
    union all
    select organisation_id, 2, '02', before.name, after.name, officer_date_1
    from changed
    inner join officer as before on officer_a = before.person_id
    inner join officer as after on officer_b = after.person_id
    where officer_date_1 is not null
    union all
    select organisation_id, 3, '02', before.name, after.name, officer_date_2
    from changed
    inner join officer as before
        on case when officer_date_1 is null then officer_a else officer_b end = before.person_id
    inner join officer as after on officer_c = after.person_id
    where officer_date_2 is not null
    union all
    select organisation_id, 4, '03', address_a, address_b, address_date_1
    from changed where address_date_1 is not null
    union all
    select organisation_id, 5, '03', coalesce(address_b, address_a), address_c, address_date_2
    from changed where address_date_2 is not null
    union all
    select organisation_id, 6, '04', (capital_wan_cny / 2)::decimal(24, 6)::varchar,
        capital_wan_cny::varchar, capital_date_1
    from changed where capital_date_1 is not null
)
select * from final
"""

_EVENT = """
create or replace temp table organisation_event as
with market as (
    select * from organisation where is_market_entity
),
final as (
    select organisation_id, 0 as place, '01' as event_type_code, established_date as event_date,
        '设立登记' as description
    from market
    union all
    select organisation_id, 1 + place, '02', changed_date,
        case item_code when '01' then '名称变更' when '02' then '法定代表人变更'
            when '03' then '住所变更' else '注册资本变更' end
    from organisation_change
    semi join market using (organisation_id)
    union all
    select organisation_id, 8, '05', abnormal_date, '列入经营异常名录'
    from market where abnormal_date is not null
    union all
    select organisation_id, 9, '06', restored_date, '移出经营异常名录'
    from market where restored_date is not null
    union all
    select organisation_id, 10, '04', revoked_date, '吊销营业执照'
    from market where revoked_date is not null
    union all
    select organisation_id, 11, '03', cancelled_date, '注销登记'
    from market where cancelled_date is not null
)
select * from final
"""
