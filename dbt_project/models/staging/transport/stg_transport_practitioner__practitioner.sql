with source as (
    select * from {{ source('transport_practitioner', 'practitioner') }}
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
        'transport_practitioner' as system_code,
        'practitioner' as table_code,
        identified.practitioner_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.qualification_kind_name') }} as qualification_kind_name,
        {{ clean_text('identified.employer_name') }} as employer_name,
        identified.issued_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
