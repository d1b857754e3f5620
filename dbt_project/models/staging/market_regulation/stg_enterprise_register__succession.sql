with source as (
    select * from {{ source('enterprise_register', 'succession') }}
),

numbered as (
    select
        *,
        {{ normalise_number('predecessor_uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        {{ normalise_number('predecessor_registration_number') }} as registration_no,
        {{ normalise_number('successor_uscc') }} as successor_number
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'enterprise_register' as system_code,
        'succession' as table_code,
        succession_no as source_key,
        {{ clean_text('succession_kind_code') }} as succession_kind_code,
        {{ clean_text('predecessor_enterprise_no') }} as predecessor_enterprise_no,
        uscc as predecessor_uscc,
        stated_uscc as stated_predecessor_uscc,
        organisation_code as predecessor_organisation_code,
        registration_number as predecessor_registration_number,
        identity_grade_code as predecessor_identity_grade_code,
        {{ clean_text('predecessor_name') }} as predecessor_name,
        case when {{ uscc_is_valid('successor_number') }} then successor_number end
            as successor_uscc,
        case
            when {{ uscc_is_valid('successor_number') }}
                then {{ uscc_organisation_code('successor_number') }}
        end as successor_organisation_code,
        {{ clean_text('successor_name') }} as successor_name,
        succeeded_date,
        updated_at as source_at
    from identified
)

select * from final
