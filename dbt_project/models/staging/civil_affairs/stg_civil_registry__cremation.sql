with source as (
    select * from {{ source('civil_registry', 'cremation') }}
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
        'civil_registry' as system_code,
        'cremation' as table_code,
        identified.record_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        true as is_dead,
        identified.death_date,
        identified.cremation_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
)

select * from final
