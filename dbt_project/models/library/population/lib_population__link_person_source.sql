{{ config(materialized='library') }}

with record as (
    select *
    from {{ library_input('int_population__person_matched', key='person_key') }}
    where system_code not in ('identity_number', 'name_agreement')
),

final as (
    select
        person_key,
        system_code,
        table_code,
        source_key,
        role_code,
        identity_grade_code,
        basis_code,
        source_at
    from record
)

select * from final
