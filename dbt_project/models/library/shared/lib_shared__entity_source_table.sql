-- Every registered source table with what the bound cut holds of it.
with source_table as (
    select * from {{ source('meta', 'source_table') }}
),

batch as (
    select * from {{ source('meta', 'batch') }}
),

final as (
    select
        source_table.system_code,
        source_table.table_code,
        source_table.system_name,
        source_table.table_name,
        source_table.department_code,
        source_table.technology as technology_code,
        source_table.mode as mode_code,
        source_table.update_cycle as update_cycle_code,
        batch.rows_read,
        batch.rows_landed,
        batch.rows_quarantined,
        batch.committed_at
    from source_table
    left join batch
        on
            source_table.system_code = batch.system_code
            and source_table.table_code = batch.table_code
)

select * from final
