{{ config(materialized='library') }}

with holder as (
    select * from {{ library_input('int_licence__holder', key='licence_key') }}
),

final as (
    select
        licence_key,
        holder_no,
        holder_kind_code,
        person_key,
        entity_key,
        holder_name,
        holder_code,
        holder_code_type,
        pairing_code,
        reference_grade_code,
        has_ended
    from holder
)

select * from final
