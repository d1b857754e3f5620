{{ config(materialized='library') }}

with licence as (
    select * from {{ library_input('int_licence__licence_resolved', key='licence_key') }}
),

final as (
    select
        licence_key,
        chain_anchor as chain_code,
        version_no,
        predecessor_key,
        successor_key,
        previous_identifier as stated_previous_identifier
    from licence
    where is_well_formed
)

select * from final
