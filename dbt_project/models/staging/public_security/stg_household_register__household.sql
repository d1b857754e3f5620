with source as (
    select * from {{ source('household_register', 'household') }}
),

final as (
    select
        'household_register' as system_code,
        'household' as table_code,
        source.household_no as source_key,
        {{ clean_text('source.household_no') }} as household_no,
        {{ clean_text('source.head_resident_no') }} as head_resident_no,
        'register:' || {{ clean_text('source.head_resident_no') }} as head_register_anchor,
        {{ clean_text('source.household_type_code') }} as household_type_code,
        {{ division_in_force('division', 'source.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'source.address') }} as address,
        source.created_date,
        source.updated_at as source_at
    from source
    {{- join_division('division', 'source.division_code') }}
    {{- join_address('place', 'source.address') }}
)

select * from final
