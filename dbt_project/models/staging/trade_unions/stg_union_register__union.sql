with source as (
    select * from {{ source('union_register', 'union') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no,
        {{ normalise_number('source.host_code') }} as host_number
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'union_register' as system_code,
        'union' as table_code,
        identified.record_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:union_register.union:' || identified.record_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        identified.established_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ clean_text('identified.chair_name') }} as representative_name,
        {{ organisation_reference_kind('identified.host_number') }} as host_reference_kind_code,
        {{ organisation_reference_number('identified.host_number') }} as host_reference_number,
        identified.member_count,
        identified.updated_at as source_at
    from identified
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
