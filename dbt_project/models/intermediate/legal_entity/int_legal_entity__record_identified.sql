-- Every record with the organisation it speaks of, and how that was found; no key where nothing
-- decides, for a steward to look at.
with record as (
    select * from {{ ref('int_legal_entity__record_placed') }}
),

sought as (
    select * from {{ ref('int_legal_entity__record_sought') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

by_identity as (
    select
        number_identity,
        min(entity_key) as entity_key
    from entity_key
    group by number_identity
),

final as (
    select
        record.*,
        coalesce(own.entity_key, case when sought.is_accepted then candidate.entity_key end)
            as entity_key,
        case
            when record.place_anchor like 'organisation:%' then 'organisation'
            when record.place_anchor is not null then 'registration'
            when sought.is_accepted then sought.basis_code
            when record.register_anchor is not null then 'source'
            else 'none'
        end as basis_code,
        candidate.entity_key as candidate_entity_key,
        sought.basis_code as candidate_basis_code,
        sought.fact_count as candidate_fact_count
    from record
    left join sought
        on
            record.system_code = sought.system_code
            and record.table_code = sought.table_code
            and record.source_key = sought.source_key
    left join entity_key as own
        on coalesce(record.register_anchor, record.place_anchor) = own.anchor
    left join by_identity as candidate
        on sought.candidate = candidate.number_identity
)

select * from final
