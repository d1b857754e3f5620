{{ config(materialized='library') }}

with record as (
    select * from {{ library_input('int_legal_entity__organisation_matched', key='entity_key') }}
),

golden as (
    select
        entity_key,
        max_by(organisation_code, name_rank) as organisation_code,
        case
            when count(organisation_code) > 0 then 'organisation'
            when count(*) filter (where basis_code = 'registration') > 0 then 'registration'
            else 'source'
        end as identity_basis_code,
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
