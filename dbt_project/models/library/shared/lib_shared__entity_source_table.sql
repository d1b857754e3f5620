-- Every registered source table with what the bound cut holds of it and how far it has come.
with source_table as (
    select * from {{ source('meta', 'source_table') }}
),

batch as (
    select * from {{ source('meta', 'batch') }}
),

layer as (
    {{ source_table_layers() }}
),

final as (
    select
        source_table.system_code,
        source_table.table_code,
        source_table.system_name,
        source_table.table_name,
        source_table.department_code,
        source_table.level as level_code,
        source_table.county_code as division_code,
        source_table.technology as technology_code,
        source_table.mode as mode_code,
        source_table.update_cycle as update_cycle_code,
        coalesce(layer.is_staged, false) as is_staged,
        layer.library_codes,
        batch.rows_read,
        batch.rows_landed,
        batch.rows_quarantined,
        batch.committed_at
    from source_table
    left join batch
        on
            source_table.system_code = batch.system_code
            and source_table.table_code = batch.table_code
    left join layer
        on
            source_table.system_code = layer.system_code
            and source_table.table_code = layer.table_code
)

select * from final
