with source as (
    select * from {{ source('household_register', 'resident') }}
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
        'resident' as table_code,
        identified.resident_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        -- The register is the record of the person: a resident without a valid number is one all
        -- the same, known by his place in the register.
        identified.identity_anchor,
        'register:' || identified.resident_no as register_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        ethnicity.standard_code as ethnicity_code,
        identified.household_no,
        identified.household_relation_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        education.standard_code as education_code,
        marital_status.standard_code as marital_status_code,
        identified.status_code as resident_status_code,
        identified.cancelled_date,
        case when {{ clean_text('identified.status_code') }} = '2' then true end as is_dead,
        case
            when {{ clean_text('identified.status_code') }} = '2' then identified.cancelled_date
        end as death_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_crosswalk('ethnicity', 'ethnicity', 'identified.ethnicity_code') }}
    {{- join_crosswalk('education', 'education', 'identified.education_code') }}
    {{- join_crosswalk('marital_status', 'marital_status', 'identified.marital_status_code') }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
