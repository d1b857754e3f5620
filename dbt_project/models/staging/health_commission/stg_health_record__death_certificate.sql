with source as (
    select * from {{ source('health_record', 'death_certificate') }}
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
        'health_record' as system_code,
        'death_certificate' as table_code,
        identified.certificate_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        true as is_dead,
        identified.death_date,
        {{ clean_text('identified.institution_name') }} as institution_name,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_name') }}
)

select * from final
