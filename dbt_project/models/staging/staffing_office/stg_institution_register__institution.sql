with source as (
    select * from {{ source('institution_register', 'institution') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no,
        {{ normalise_number('source.representative_number') }} as representative_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'institution_register' as system_code,
        'institution' as table_code,
        identified.institution_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:institution_register.institution:' || identified.institution_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.institution_kind_code') }} as organisation_type_code,
        status.standard_code as status_code,
        identified.established_date,
        identified.ended_date,
        {{ open_ended_date('identified.valid_to') }} as valid_to,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.representative_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        {{ clean_text('identified.funding_name') }} as funding_name,
        {{ normalise_number('identified.supervisor_uscc') }} as supervisor_uscc,
        {{ normalise_number('identified.successor_uscc') }} as successor_uscc,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'institution_register'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
