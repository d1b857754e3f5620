with source as (
    select * from {{ source('provident_fund', 'account') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number,
        {{ normalise_number('unit_code') }} as employer_number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'provident_fund' as system_code,
        'account' as table_code,
        identified.account_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.unit_name') }} as employer_name,
        {{ organisation_reference_kind('identified.employer_number') }}
            as employer_reference_kind_code,
        {{ organisation_reference_number('identified.employer_number') }}
            as employer_reference_number,
        identified.opened_date,
        {{ clean_text('identified.status_code') }} as account_status_code,
        identified.updated_at as source_at
    from identified
)

select * from final
