-- A merchant is an organisation with an operator, who is a person: `identity_grade_code` grades the
-- merchant's code, `operator_identity_*` say who runs it.
with source as (
    {{ from_shape('county_grid', 'merchant') }}
),

written as (
    select
        *,
        {{ normalise_number('credit_code') }} as merchant_number
    from source
),

-- What is written tells by its length which of the three codes it is.
numbered as (
    select
        *,
        case when length(merchant_number) > 15 then merchant_number end as uscc_number,
        case when length(merchant_number) < 13 then merchant_number end as organisation_number,
        case
            when length(merchant_number) between 13 and 15 then merchant_number
        end as registration_no
    from written
),

identified as (
    {{ organisation_identity('numbered') }}
),

operator_numbered as (
    select
        system_code,
        merchant_no,
        {{ normalise_number('operator_number') }} as number
    from source
),

operator as (
    {{ person_identity('operator_numbered') }}
),

final as (
    select
        identified.system_code,
        'merchant' as table_code,
        identified.merchant_no as source_key,
        identified.uscc,
        identified.organisation_code,
        identified.registration_number,
        identified.identity_grade_code,
        identified.stated_uscc,
        identified.stated_organisation_code,
        cast(null as varchar) as identity_anchor,
        {{ clean_text('identified.name') }} as name,
        merchant_kind.standard_code as organisation_type_code,
        status.standard_code as status_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.operator_name') }} as representative_name,
        {{ person_number('operator.number') }} as representative_number,
        operator.identity_number as operator_identity_number,
        operator.identity_kind_code as operator_identity_kind_code,
        operator.identity_grade_code as operator_identity_grade_code,
        operator.identity_anchor as operator_identity_anchor,
        identified.updated_at as source_at
    from identified
    inner join operator
        on
            identified.system_code = operator.system_code
            and identified.merchant_no = operator.merchant_no
    {{- join_crosswalk(
        'merchant_kind', 'merchant_kind', 'identified.merchant_kind',
        system='identified.system_code'
    ) }}
    {{- join_crosswalk(
        'status', 'organisation_status', 'identified.status', system='identified.system_code'
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
