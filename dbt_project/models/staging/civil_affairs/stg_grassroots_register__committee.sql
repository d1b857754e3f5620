with source as (
    select * from {{ source('grassroots_register', 'committee') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no,
        {{ normalise_number('source.director_number') }} as representative_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'grassroots_register' as system_code,
        'committee' as table_code,
        identified.committee_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:grassroots_register.committee:' || identified.committee_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.committee_kind_code') }} as organisation_type_code,
        status.standard_code as status_code,
        identified.established_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.director_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        {{ clean_text('identified.township_name') }} as township_name,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_name', system="'grassroots_register'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
