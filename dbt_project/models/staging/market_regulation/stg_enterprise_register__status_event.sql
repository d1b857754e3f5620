with source as (
    select * from {{ source('enterprise_register', 'status_event') }}
),

final as (
    select
        'enterprise_register' as system_code,
        'status_event' as table_code,
        event_no as source_key,
        enterprise_no,
        event_type_code,
        event_type_code in ('03', '04') as ends_the_enterprise,
        event_date,
        {{ clean_text('description') }} as description,
        updated_at as source_at
    from source
)

select * from final
