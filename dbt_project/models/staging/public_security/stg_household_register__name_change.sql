with source as (
    select * from {{ source('household_register', 'name_change') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'household_register' as system_code,
        'name_change' as table_code,
        identified.change_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        'register:' || {{ clean_text('identified.resident_no') }} as register_anchor,
        {{ clean_text('identified.resident_no') }} as resident_no,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.former_name') }} as former_name,
        identified.changed_date,
        identified.updated_at as source_at
    from identified
)

select * from final
