-- Whose county the rows of a table are of, for tables that say so: by the code in force, whatever
-- way of writing the department has. Rows that say nothing a code is known for are not here.
with written as (
    select * from {{ source('meta', 'written_division') }}
),

placed as (
    select
        written.system_code,
        written.table_code,
        written.row_count,
        {{ division_in_force('division', 'written.written_division') }} as division_code
    from written
    {{- join_division('division', 'written.written_division') }}
),

final as (
    select
        system_code,
        table_code,
        division_code,
        cast(sum(row_count) as bigint) as row_count
    from placed
    where division_code is not null
    group by system_code, table_code, division_code
)

select * from final
