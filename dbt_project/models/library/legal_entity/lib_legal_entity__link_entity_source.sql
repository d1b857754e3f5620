{{ config(materialized='library') }}

with record as (
    select * from {{ library_input('int_legal_entity__organisation_matched', key='entity_key') }}
),

final as (
    select
        entity_key,
        system_code,
        table_code,
        source_key,
        identity_grade_code,
        basis_code,
        source_at
    from record
)

select * from final
