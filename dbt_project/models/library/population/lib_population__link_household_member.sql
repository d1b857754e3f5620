{{ config(materialized='library') }}

with member as (
    select * from {{ library_input('int_population__household_member', key='person_key') }}
),

final as (
    select
        person_key,
        system_code,
        household_no,
        basis_code,
        relation_code,
        source_key,
        valid_from,
        valid_to,
        source_at
    from member
)

select * from final
