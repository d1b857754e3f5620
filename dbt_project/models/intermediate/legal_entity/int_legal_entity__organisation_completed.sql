-- The golden record with what is derived from it: state, head office, representative.
with golden as (
    select * exclude (_input_hash, _row_hash)
    from {{ ref('int_legal_entity__organisation_golden') }}
),

status as (
    select * from {{ ref('int_legal_entity__entity_status') }}
),

head as (
    select
        entity_key,
        min(related_entity_key) as head_entity_key
    from {{ ref('int_legal_entity__entity_relation') }}
    where relation_code = 'branch_of'
    group by entity_key
),

representative as (
    select
        entity_key,
        max(person_key) as representative_person_key,
        max(reference_grade_code) as representative_grade_code
    from {{ ref('int_legal_entity__entity_representative') }}
    where is_current
    group by entity_key
),

completed as (
    select
        golden.* exclude (golden.status_code, golden.ended_date),
        status.status_code,
        status.status_basis_code,
        status.ended_date,
        status.end_reason_code,
        head.head_entity_key,
        representative.representative_person_key,
        representative.representative_grade_code
    from golden
    left join status
        on golden.entity_key = status.entity_key
    left join head
        on golden.entity_key = head.entity_key
    left join representative
        on golden.entity_key = representative.entity_key
),

final as (
    select
        *,
        hash(completed) as _row_hash
    from completed
)

select * from final
