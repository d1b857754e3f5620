with source as (
    select * from {{ source('student_register', 'school') }}
),

numbered as (
    select
        source.* exclude (uscc, organisation_code),
        {{ normalise_number('source.uscc') }} as uscc_number,
        {{ normalise_number('source.organisation_code') }} as organisation_number,
        cast(null as varchar) as registration_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'student_register' as system_code,
        'school' as table_code,
        identified.school_code as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        cast(null as varchar) as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.school_kind_name') }} as school_kind_name,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.headmaster_name') }} as representative_name,
        identified.updated_at as source_at
    from identified
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
