with source as (
    select * from {{ source('social_security', 'insured_person') }}
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
        'social_security' as system_code,
        'insured_person' as table_code,
        identified.person_no as source_key,
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
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        education.standard_code as education_code,
        identified.employer_unit_no,
        {{ clean_text('identified.employer_name') }} as employer_name,
        identified.insurance_status_code,
        identified.insured_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_crosswalk('ethnicity', 'ethnicity', 'identified.ethnicity_code') }}
    {{- join_crosswalk('education', 'education', 'identified.education_code') }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
