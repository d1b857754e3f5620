-- Before 2015 a taxpayer's number was the six digits of his division and his organisation code of
-- nine characters; since then it is the unified social credit code.
with source as (
    select * from {{ source('tax_register', 'taxpayer') }}
),

written as (
    select
        source.* exclude (uscc),
        {{ normalise_number('source.uscc') }} as written_uscc,
        {{ normalise_number('source.taxpayer_code') }} as taxpayer_number,
        {{ normalise_number('source.representative_number') }} as representative_no
    from source
),

numbered as (
    select
        *,
        coalesce(
            written_uscc,
            case when length(taxpayer_number) = 18 then taxpayer_number end
        ) as uscc_number,
        case
            when {{ matches_whole('taxpayer_number', '[0-9]{6}[0-9A-Z]{8}[0-9X]') }}
                then substr(taxpayer_number, 7, 9)
        end as organisation_number,
        cast(null as varchar) as registration_no
    from written
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'tax_register' as system_code,
        'taxpayer' as table_code,
        identified.taxpayer_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        cast(null as varchar) as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.registration_type_code') }} as organisation_type_code,
        status.standard_code as status_code,
        identified.registered_date,
        {{ clean_text('identified.industry_code') }} as industry_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.representative_name') }} as representative_name,
        {{ person_number('identified.representative_no') }} as representative_number,
        identified.taxpayer_number,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'tax_register'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
