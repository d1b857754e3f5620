with source as (
    select * from {{ source('tax_register', 'individual') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number,
        {{ normalise_number('employer_code') }} as employer_number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'tax_register' as system_code,
        'individual' as table_code,
        identified.individual_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ organisation_reference_kind('identified.employer_number') }}
            as employer_reference_kind_code,
        {{ organisation_reference_number('identified.employer_number') }}
            as employer_reference_number,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
