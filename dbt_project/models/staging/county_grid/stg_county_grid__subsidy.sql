with source as (
    {{ from_shape('county_grid', 'subsidy') }}
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
        identified.system_code,
        'subsidy' as table_code,
        identified.payment_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.subsidy_item') }} as subsidy_item,
        identified.amount_cny,
        identified.paid_date,
        identified.updated_at as source_at
    from identified
)

select * from final
