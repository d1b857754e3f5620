with source as (
    select * from {{ source('household_register', 'number_correction') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number
    from source
),

previous_numbered as (
    select
        correction_no,
        {{ normalise_number('previous_number') }} as number
    from source
),

previous as (
    {{ person_identity('previous_numbered') }}
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'household_register' as system_code,
        'number_correction' as table_code,
        identified.correction_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        'register:' || {{ clean_text('identified.resident_no') }} as register_anchor,
        {{ clean_text('identified.resident_no') }} as resident_no,
        previous.identity_number as previous_identity_number,
        previous.identity_grade_code as previous_identity_grade_code,
        previous.identity_anchor as previous_identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.reason_code') }} as reason_code,
        identified.corrected_date,
        identified.updated_at as source_at
    from identified
    inner join previous
        on identified.correction_no = previous.correction_no
)

select * from final
