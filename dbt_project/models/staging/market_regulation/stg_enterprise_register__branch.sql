-- A branch is a market entity of its own (its row is in `enterprise`); this says whose branch it
-- is.
with source as (
    select * from {{ source('enterprise_register', 'branch') }}
),

numbered as (
    select
        *,
        {{ normalise_number('head_uscc') }} as uscc_number,
        cast(null as varchar) as organisation_number,
        {{ normalise_number('head_registration_number') }} as registration_no
    from source
),

identified as (
    {{ organisation_identity('numbered') }}
),

final as (
    select
        'enterprise_register' as system_code,
        'branch' as table_code,
        branch_no as source_key,
        branch_no as enterprise_no,
        {{ clean_text('head_enterprise_no') }} as head_enterprise_no,
        uscc as head_uscc,
        stated_uscc as stated_head_uscc,
        organisation_code as head_organisation_code,
        registration_number as head_registration_number,
        identity_grade_code as head_identity_grade_code,
        {{ clean_text('head_name') }} as head_name,
        updated_at as source_at
    from identified
)

select * from final
