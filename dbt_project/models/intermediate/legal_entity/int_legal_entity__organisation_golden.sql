{{ config(materialized='library') }}

with record as (
    select * from {{ library_input('int_legal_entity__organisation_matched', key='entity_key') }}
),

golden as (
    select
        entity_key,
        max(organisation_code) as organisation_code,
        max(substr(resolved_anchor, 1, instr(resolved_anchor, ':') - 1)) as identity_basis_code,
        count(*) as source_record_count,
        {{ golden_attributes(legal_entity_attributes()) }}
    from record
    group by entity_key
),

final as (
    select
        *,
        hash(golden) as _row_hash
    from golden
)

select * from final
