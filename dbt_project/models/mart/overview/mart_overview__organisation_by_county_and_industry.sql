-- Organisations in force. A branch is one of them, but no company; capital is that of companies.
with organisation as (
    select *
    from {{ ref('lib_legal_entity__entity_organisation') }}
    where status_code = '1'
),

division as (
    select *
    from {{ ref('lib_shared__code_division') }}
    where is_current
),

theme as (
    select distinct
        theme_code,
        theme_name,
        theme_group_code,
        theme_group_name
    from {{ ref('lib_shared__code_industry') }}
    where theme_code is not null
),

counted as (
    select
        division_code,
        industry_theme_code,
        cast(count(*) as bigint) as organisation_count,
        cast(count(*) filter (
            where category_code = '91' and head_entity_key is null
        ) as bigint) as company_count,
        cast(count(*) filter (where category_code = '92') as bigint) as individual_business_count,
        cast(count(*) filter (where head_entity_key is not null) as bigint) as branch_count,
        cast(count(*) filter (where industry_code is null) as bigint) as without_industry_count,
        cast(sum(registered_capital_cny) filter (
            where category_code = '91' and head_entity_key is null
        ) as decimal(24, 2)) as registered_capital_cny
    from organisation
    group by division_code, industry_theme_code
),

final as (
    select
        counted.division_code,
        division.division_name,
        theme.theme_group_code as industry_theme_group_code,
        theme.theme_group_name as industry_theme_group_name,
        counted.industry_theme_code,
        theme.theme_name as industry_theme_name,
        counted.organisation_count,
        counted.company_count,
        counted.individual_business_count,
        counted.branch_count,
        counted.without_industry_count,
        counted.registered_capital_cny
    from counted
    left join division
        on counted.division_code = division.division_code
    left join theme
        on counted.industry_theme_code = theme.theme_code
)

select * from final
