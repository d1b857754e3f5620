{# When an enterprise ended is in another table: its rows change with that too. #}
{{ config(materialized='table') }}

with source as (
    select * from {{ source('enterprise_register', 'enterprise') }}
),

status_event as (
    select * from {{ ref('stg_enterprise_register__status_event') }}
),

-- The register's own row says that an enterprise ended, its events say when.
ended as (
    select
        enterprise_no,
        max(event_date) as ended_date
    from status_event
    where ends_the_enterprise
    group by enterprise_no
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
        'enterprise_register' as system_code,
        'enterprise' as table_code,
        identified.enterprise_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        'source:enterprise_register.enterprise:' || identified.enterprise_no as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.entity_type_code') }} as organisation_type_code,
        status.standard_code as status_code,
        identified.established_date,
        ended.ended_date,
        {{ open_ended_date('identified.valid_to') }} as valid_to,
        {{ clean_text('identified.industry_code') }} as industry_code,
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
    left join ended
        on identified.enterprise_no = ended.enterprise_no
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status_code', system="'enterprise_register'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
