with source as (
    select * from {{ source('enterprise_register', 'change') }}
),

final as (
    select
        'enterprise_register' as system_code,
        'change' as table_code,
        change_no as source_key,
        enterprise_no,
        {{ clean_text('item_code') }} as item_code,
        {{ clean_text('value_before') }} as value_before,
        {{ clean_text('value_after') }} as value_after,
        changed_date,
        updated_at as source_at
    from source
)

select * from final
