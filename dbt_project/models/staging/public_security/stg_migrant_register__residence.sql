with source as (
    select * from {{ source('migrant_register', 'residence') }}
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
        'migrant_register' as system_code,
        'residence' as table_code,
        identified.registration_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        ethnicity.standard_code as ethnicity_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ division_in_force('origin', 'identified.origin_division_code') }}
            as origin_division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        identified.registered_date,
        identified.left_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_crosswalk('ethnicity', 'ethnicity', 'identified.ethnicity_code') }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_division('origin', 'identified.origin_division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
