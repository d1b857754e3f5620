{{ config(materialized='library') }}

with organisation as (
    select *
    from {{ library_input('int_legal_entity__organisation_completed', key='entity_key') }}
),

industry as (
    select * from {{ ref('code_industry_8_3') }}
),

-- which of the 8+3 industries the city promotes it is in, by the division of its industry
placed as (
    select
        organisation.*,
        industry.theme_code as industry_theme_code
    from organisation
    left join industry
        on substr(organisation.industry_code, 1, 2) = industry.industry_division_code
),

final as (
    select
        entity_key,
        uscc,
        coalesce({{ uscc_organisation_code('uscc') }}, organisation_code) as organisation_code,
        registration_number,
        identity_basis_code,
        name,
        category_code,
        substr(uscc, 1, 2) as uscc_category_code,
        organisation_type_code,
        status_code,
        status_basis_code,
        established_date,
        ended_date,
        end_reason_code,
        valid_to,
        industry_code,
        substr(industry_code, 1, 2) as industry_division_code,
        industry_theme_code,
        division_code,
        address,
        phone,
        registered_capital_cny,
        head_entity_key,
        representative_name,
        representative_person_key,
        representative_grade_code,
        cast(source_record_count as integer) as source_record_count,
        {{ has_conflict(comparable_legal_entity_attributes()) }} as has_conflict
    from placed
)

select * from final
