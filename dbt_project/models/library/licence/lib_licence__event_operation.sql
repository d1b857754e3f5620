{{ config(materialized='library') }}

with operation as (
    select * from {{ library_input('int_licence__operation_replayed', key='licence_key') }}
),

final as (
    select
        licence_key,
        system_code,
        source_key,
        place_no,
        operation_code,
        previous_operation_code,
        from_state_code,
        to_state_code,
        is_possible,
        transition_reason_code,
        operated_at,
        operator_name,
        reason,
        source_at
    from operation
)

select * from final
