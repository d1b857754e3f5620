-- What did not land: every value, row or line of the bound cut that extraction set aside, and why.
with quarantined as (
    select * from {{ source('meta', 'quarantine') }}
),

source_column as (
    select * from {{ source('meta', 'source_column') }}
),

source_table as (
    select * from {{ ref('lib_shared__entity_source_table') }}
),

final as (
    select
        quarantined.system_code,
        quarantined.table_code,
        quarantined.row_number as row_no,
        source_table.department_code,
        source_table.system_name,
        source_table.table_name,
        quarantined.position as position_no,
        quarantined.row_key,
        quarantined.column_code,
        source_column.column_name,
        source_column.source_name,
        quarantined.raw_value,
        quarantined.reason as reason_code,
        quarantined._batch_id as batch_id,
        source_table.committed_at
    from quarantined
    inner join source_table
        on
            quarantined.system_code = source_table.system_code
            and quarantined.table_code = source_table.table_code
    left join source_column
        on
            quarantined.system_code = source_column.system_code
            and quarantined.table_code = source_column.table_code
            and quarantined.column_code = source_column.column_code
)

select * from final
