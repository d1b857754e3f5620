with source as (
    select * from {{ source('rural_collective', 'collective') }}
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
        'rural_collective' as system_code,
        'collective' as table_code,
        identified.record_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:rural_collective.collective:' || identified.record_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        collective_kind.standard_code as organisation_type_code,
        identified.registered_date as established_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ clean_text('identified.representative_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        identified.member_count,
        cast(identified.assets_wan_cny * 10000 as decimal(24, 2)) as assets_cny,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'collective_kind', 'collective_kind', 'identified.collective_kind_name',
        system="'rural_collective'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
