with source_table as (
    select * from {{ source('meta', 'source_table') }}
),

final as (
    select
        department_code,
        max(department_name) as department_name,
        max(department_uscc) as uscc,
        max(level) as level_code,
        max(county_code) as division_code,
        cast(count(distinct system_code) as integer) as system_count,
        cast(count(*) as integer) as table_count
    from source_table
    group by department_code
)

select * from final
