{{ config(materialized='library') }}

with name as (
    select * from {{ library_input('int_population__person_name', key='person_key') }}
),

final as (
    select
        person_key,
        name,
        name_reading,
        source_record_count,
        last_seen_at
    from name
)

select * from final
