{{ config(materialized='library') }}

with golden as (
    select * from {{ library_input('int_population__person_golden', key='person_key') }}
),

source as (
    select * from {{ ref('library_source') }}
),

final as (
    select
        golden.person_key,
        {{- provenance_columns('population', population_attributes()) }}
    from golden
    {{- provenance_joins(population_attributes()) }}
)

select * from final
