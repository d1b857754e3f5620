{{ config(materialized='library') }}

with organisation as (
    select *
    from {{ library_input('int_legal_entity__organisation_represented', key='entity_key') }}
),

final as (
    select
        entity_key,
        uscc,
        coalesce(organisation_code, substr(uscc, 9, 9)) as organisation_code,
        registration_number,
        identity_basis_code,
        name,
        substr(uscc, 1, 2) as uscc_category_code,
        organisation_type_code,
        status_code,
        established_date,
        case when status_code in ('3', '4') then ended_date end as ended_date,
        valid_to,
        industry_code,
        division_code,
        address,
        phone,
        registered_capital_cny,
        representative_name,
        representative_person_key,
        cast(source_record_count as integer) as source_record_count,
        {{ has_conflict(legal_entity_attributes()) }} as has_conflict
    from organisation
)

select * from final
