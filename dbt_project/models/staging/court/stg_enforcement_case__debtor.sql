-- A debtor is a person or a unit; both stand in one table, and each kind is identified by its own
-- rules.
with source as (
    select * from {{ source('enforcement_case', 'debtor') }}
),

written as (
    select
        *,
        {{ normalise_number('debtor_code') }} as number
    from source
),

person as (
    select *
    from written
    where {{ clean_text('debtor_kind_code') }} = '1'
),

person_identified as (
    {{ person_identity('person') }}
),

-- What is written tells by its length which of the three codes it is.
unit as (
    select
        *,
        case when length(number) > 15 then number end as uscc_number,
        case when length(number) < 13 then number end as organisation_number,
        case when length(number) between 13 and 15 then number end as registration_no
    from written
    where {{ clean_text('debtor_kind_code') }} = '2'
),

unit_identified as (
    {{ organisation_identity('unit') }}
),

debtor as (
    select
        debtor_no,
        'person' as debtor_kind_code,
        debtor_name,
        identity_number,
        identity_kind_code,
        identity_grade_code,
        identity_anchor,
        cast(null as varchar) as uscc,
        cast(null as varchar) as stated_uscc,
        cast(null as varchar) as stated_organisation_code,
        cast(null as varchar) as organisation_code,
        cast(null as varchar) as registration_number,
        case_no,
        court_name,
        filed_date,
        amount_cny,
        performance_name,
        updated_at
    from person_identified
    union all
    select
        debtor_no,
        'organisation' as debtor_kind_code,
        debtor_name,
        cast(null as varchar) as identity_number,
        cast(null as varchar) as identity_kind_code,
        identity_grade_code,
        cast(null as varchar) as identity_anchor,
        uscc,
        stated_uscc,
        stated_organisation_code,
        organisation_code,
        registration_number,
        case_no,
        court_name,
        filed_date,
        amount_cny,
        performance_name,
        updated_at
    from unit_identified
),

final as (
    select
        'enforcement_case' as system_code,
        'debtor' as table_code,
        debtor_no as source_key,
        'self' as role_code,
        debtor_kind_code,
        identity_number,
        identity_kind_code,
        identity_grade_code,
        identity_anchor,
        uscc,
        stated_uscc,
        stated_organisation_code,
        organisation_code,
        registration_number,
        {{ clean_text('debtor_name') }} as name,
        {{ clean_text('case_no') }} as case_no,
        {{ clean_text('court_name') }} as court_name,
        filed_date,
        amount_cny,
        {{ clean_text('performance_name') }} as performance_name,
        updated_at as source_at
    from debtor
)

select * from final
