-- Deaths recorded under a number that others know by another name: a steward asks the department
-- whom it meant. Until then they do not count.
with doubted as (
    select * from {{ ref('int_population__death_doubted') }}
),

matched as (
    select * from {{ ref('int_population__person_matched') }}
),

final as (
    select
        doubted.system_code,
        doubted.table_code,
        doubted.source_key,
        matched.person_key,
        matched.identity_number,
        doubted.name,
        doubted.bearer_name,
        matched.death_date,
        matched.source_at
    from doubted
    inner join matched
        on
            doubted.system_code = matched.system_code
            and doubted.table_code = matched.table_code
            and doubted.source_key = matched.source_key
)

select * from final
