-- Operations the transitions do not allow, and operations that have no place in a log. One recorded
-- twice in the same second is no error of anybody's.
with operation as (
    select * from {{ ref('int_licence__operation_replayed') }}
),

final as (
    select
        licence_key,
        system_code,
        source_key,
        transition_reason_code,
        operation_code,
        from_state_code,
        previous_operation_code,
        licence_identifier,
        operator_name,
        operated_at,
        source_at
    from operation
    where transition_reason_code is not null and transition_reason_code <> 'repeated'
)

select * from final
