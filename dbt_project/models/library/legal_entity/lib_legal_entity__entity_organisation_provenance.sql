{{ config(materialized='library') }}

with golden as (
    select * from {{ library_input('int_legal_entity__organisation_golden', key='entity_key') }}
),

source as (
    select * from {{ ref('library_source') }}
),

final as (
    select
        golden.entity_key,
        {{- provenance_columns('legal_entity', legal_entity_attributes()) }}
    from golden
    {{- provenance_joins(legal_entity_attributes()) }}
)

select * from final
