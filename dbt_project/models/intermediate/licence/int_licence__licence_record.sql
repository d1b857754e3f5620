-- One row per licence version: the newest of its records.
with record as (
    select * from {{ ref('int_licence__record_anchored') }}
),

keyed as (
    select * from {{ ref('int_licence__record_keyed') }}
),

newest as (
    select * exclude (recency_rank, department_code, table_code)
    from record
    where recency_rank = 1
),

counted as (
    select
        licence_key,
        count(*) as source_record_count
    from keyed
    group by licence_key
),

final as (
    select
        keyed.licence_key,
        newest.*,
        cast(counted.source_record_count as integer) as source_record_count
    from newest
    inner join keyed
        on
            newest.system_code = keyed.system_code
            and newest.source_key = keyed.source_key
    inner join counted
        on keyed.licence_key = counted.licence_key
)

select * from final
