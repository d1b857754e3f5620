-- Shares as the register lists them; a holder is a person or an organisation, by number alone. What
-- a register no longer lists is no longer here. A share in a company whose own row cannot be read
-- has its holder alone.
with shareholder as (
    select * from {{ ref('stg_enterprise_register__shareholder') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

person_reference as (
    select * from {{ ref('int_legal_entity__person_reference') }}
    where role_code = 'shareholder'
),

organisation_reference as (
    select * from {{ ref('int_legal_entity__organisation_reference') }}
    where role_code = 'shareholder'
),

final as (
    select
        entity_key.entity_key,
        shareholder.source_key as shareholder_no,
        shareholder.shareholder_kind_code as holder_kind_code,
        person_reference.person_key as holder_person_key,
        organisation_reference.entity_key as holder_entity_key,
        coalesce(
            person_reference.reference_grade_code, organisation_reference.reference_grade_code
        ) as reference_grade_code,
        shareholder.shareholder_name as holder_name,
        shareholder.contributed_cny,
        shareholder.contribution_percent,
        shareholder.contributed_date as valid_from,
        cast(null as date) as valid_to,
        shareholder.system_code,
        shareholder.source_at
    from shareholder
    left join entity_key
        on 'source:enterprise_register.enterprise:' || shareholder.enterprise_no = entity_key.anchor
    left join person_reference
        on shareholder.source_key = person_reference.source_key
    left join organisation_reference
        on shareholder.source_key = organisation_reference.source_key
)

select * from final
