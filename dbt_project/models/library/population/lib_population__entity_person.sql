{{ config(materialized='library') }}

with golden as (
    select * from {{ library_input('int_population__person_golden', key='person_key') }}
),

final as (
    select
        person_key,
        resident_number,
        identity_basis_code,
        name,
        sex_code,
        birth_date,
        ethnicity_code,
        division_code,
        address,
        phone,
        education_code,
        marital_status_code,
        coalesce(is_dead, false) as is_deceased,
        death_date,
        cast(source_record_count as integer) as source_record_count,
        {{ has_conflict(population_attributes()) }} as has_conflict
    from golden
)

select * from final
