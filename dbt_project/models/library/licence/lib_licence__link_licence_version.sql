{{ config(materialized='library') }}

with version as (
    select * from {{ library_input('int_licence__version_chained', key='licence_key') }}
),

final as (
    select
        licence_key,
        chain_code,
        version_no,
        predecessor_key,
        successor_key,
        successor_count,
        missing_version_count,
        is_current_version,
        stated_previous_identifier
    from version
)

select * from final
