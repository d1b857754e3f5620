with representative as (
    select * from {{ ref('int_legal_entity__entity_representative') }}
),

final as (
    select
        entity_key,
        place_no,
        representative_name,
        person_key,
        reference_grade_code,
        valid_from,
        valid_to,
        is_current,
        system_code,
        source_at
    from representative
)

select * from final
