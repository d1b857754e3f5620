{{ config(materialized='library') }}

with name as (
    select * from {{ library_input('int_legal_entity__entity_name', key='entity_key') }}
),

final as (
    select
        entity_key,
        name,
        name_key,
        name_kind_code,
        valid_from,
        valid_to,
        source_record_count,
        last_seen_at
    from name
)

select * from final
