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
        subsidy_item.standard_code as subsidy_item_code,
        identified.amount_cny,
        identified.paid_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk(
        'subsidy_item', 'subsidy_item', 'identified.subsidy_item', system='identified.system_code'
    ) }}
)

select * from final
