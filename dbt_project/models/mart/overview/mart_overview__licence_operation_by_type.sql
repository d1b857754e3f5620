with operation as (
    select * from {{ ref('lib_licence__event_operation') }}
),

licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

final as (
    select
        licence.licence_type_code,
        operation.operation_code,
        cast(count(*) as bigint) as operation_count,
        cast(count(*) filter (where not operation.is_possible) as bigint) as impossible_count,
        max(cast(operation.operated_at as date)) as last_operated_date
    from operation
    inner join licence
        on operation.licence_key = licence.licence_key
    group by licence.licence_type_code, operation.operation_code
)

select * from final
