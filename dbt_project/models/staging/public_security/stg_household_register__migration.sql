with source as (
    select * from {{ source('household_register', 'migration') }}
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
        'migration' as table_code,
        identified.migration_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        'register:' || {{ clean_text('identified.resident_no') }} as register_anchor,
        {{ clean_text('identified.resident_no') }} as resident_no,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.migration_kind_code') }} as migration_kind_code,
        {{ division_in_force(
            'from_division', 'identified.from_division_code', address='from_place'
        ) }} as from_division_code,
        {{ standard_address('from_place', 'identified.from_address') }} as from_address,
        {{ division_in_force('to_division', 'identified.to_division_code', address='to_place') }}
            as to_division_code,
        {{ standard_address('to_place', 'identified.to_address') }} as to_address,
        identified.migrated_date,
        identified.updated_at as source_at
    from identified
    {{- join_division('from_division', 'identified.from_division_code') }}
    {{- join_division('to_division', 'identified.to_division_code') }}
    {{- join_address('from_place', 'identified.from_address') }}
    {{- join_address('to_place', 'identified.to_address') }}
)

select * from final
