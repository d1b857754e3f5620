with source as (
    select * from {{ source('assistance_register', 'recipient') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'assistance_register' as system_code,
        'recipient' as table_code,
        identified.record_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ clean_text('identified.household_record_no') }} as household_no,
        household_relation.standard_code as household_relation_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        identified.monthly_amount_cny,
        identified.approved_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'household_relation', 'household_relation', 'identified.relation_code',
        system="'assistance_register'"
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
