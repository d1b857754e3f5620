{{ config(materialized='library') }}

with kinship as (
    select * from {{ library_input('int_population__kinship', key='person_key') }}
),

final as (
    select
        person_key,
        relative_person_key,
        kinship_code,
        period_no,
        basis_code,
        valid_from,
        valid_to,
        end_reason_code,
        system_code,
        table_code,
        source_key,
        source_record_count,
        source_at
    from kinship
)

select * from final
