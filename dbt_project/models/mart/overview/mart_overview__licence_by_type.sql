with licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

final as (
    select
        licence_type_code,
        min(licence_name) as licence_name,
        cast(count(*) as bigint) as version_count,
        cast(count(*) filter (where is_current_version) as bigint) as current_count,
        cast(count(*) filter (where computed_state_code = '01') as bigint) as valid_count,
        cast(count(*) filter (where computed_reason_code = 'expired') as bigint) as expired_count,
        cast(count(*) filter (
            where person_key is null and entity_key is null
        ) as bigint) as unresolved_holder_count
    from licence
    group by licence_type_code
)

select * from final
