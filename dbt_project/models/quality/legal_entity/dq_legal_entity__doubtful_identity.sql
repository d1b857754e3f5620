-- Records whose codes are missing, damaged or against each other: what was made of them and why. A
-- record without a key has no say until a steward has asked the department whom it means.
with record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
    where verdict_code <> 'own'
),

final as (
    select
        system_code,
        table_code,
        source_key,
        entity_key,
        verdict_code as reason_code,
        basis_code,
        identity_grade_code,
        stated_uscc,
        stated_organisation_code,
        registration_number,
        name,
        division_code,
        candidate_entity_key,
        candidate_basis_code,
        candidate_fact_count,
        source_at
    from record
)

select * from final
