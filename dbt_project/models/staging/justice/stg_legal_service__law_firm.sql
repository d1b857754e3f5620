with source as (
    select * from {{ source('legal_service', 'law_firm') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no,
        {{ normalise_number('source.head_number') }} as representative_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'legal_service' as system_code,
        'law_firm' as table_code,
        identified.firm_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:legal_service.law_firm:' || identified.firm_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        status.standard_code as status_code,
        identified.established_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.head_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'legal_service'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
