with source as (
    select * from {{ source('social_security', 'insured_unit') }}
),

numbered as (
    select
        source.* exclude (uscc, organisation_code, registration_number),
        {{ normalise_number('source.uscc') }} as uscc_number,
        {{ normalise_number('source.organisation_code') }} as organisation_number,
        {{ normalise_number('source.registration_number') }} as registration_no,
        {{ normalise_number('source.legal_representative_id_number') }} as representative_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'social_security' as system_code,
        'insured_unit' as table_code,
        identified.unit_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        cast(null as varchar) as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.unit_type_code') }} as organisation_type_code,
        status.standard_code as status_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.legal_representative_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        identified.insured_person_count,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'social_security'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
