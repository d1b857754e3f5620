{{ config(materialized='library') }}

with record as (
    select * from {{ library_input('int_licence__record_keyed', key='licence_key') }}
),

final as (
    select
        licence_key,
        system_code,
        source_key,
        is_leading,
        source_at
    from record
)

select * from final
