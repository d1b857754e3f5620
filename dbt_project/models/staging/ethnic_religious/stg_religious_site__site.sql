with source as (
    select * from {{ source('religious_site', 'site') }}
),

numbered as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        cast(null as varchar) as registration_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'religious_site' as system_code,
        'site' as table_code,
        identified.record_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:religious_site.site:' || identified.record_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.religion_name') }} as religion_name,
        identified.registered_date as established_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ clean_text('identified.head_name') }} as representative_name,
        identified.updated_at as source_at
    from identified
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
