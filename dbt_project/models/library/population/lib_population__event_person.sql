{{ config(materialized='library') }}

with event as (
    select * from {{ library_input('int_population__person_event', key='person_key') }}
),

final as (
    select
        person_key,
        event_kind_code,
        event_date,
        date_basis_code,
        other_person_key,
        from_division_code,
        from_address,
        to_division_code,
        to_address,
        system_code,
        table_code,
        source_key,
        role_code,
        source_record_count,
        source_at
    from event
)

select * from final
