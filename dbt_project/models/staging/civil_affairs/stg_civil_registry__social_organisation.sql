with source as (
    select * from {{ source('civil_registry', 'social_organisation') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no,
        {{ normalise_number('source.legal_representative_id_number') }} as representative_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'civil_registry' as system_code,
        'social_organisation' as table_code,
        identified.organisation_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:civil_registry.social_organisation:' || identified.organisation_no
            as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.organisation_type_code') }} as organisation_type_code,
        status.standard_code as status_code,
        identified.established_date,
        identified.cancelled_date as ended_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        cast(identified.registered_capital_wan_cny * 10000 as decimal(24, 2))
            as registered_capital_cny,
        {{ clean_text('identified.legal_representative_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'civil_registry'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
