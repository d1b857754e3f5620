-- The state before and after each operation, by the transitions of the seed. Equal logs are
-- replayed once.
with operation as (
    select * from {{ ref('int_licence__operation_placed') }}
),

logged as (
    select
        licence_key,
        {{ joined_in_order('operation_code', 'place_no') }} as log
    from operation
    where place_no is not null
    group by licence_key
),

replayed as (
    {{ licence_replay('logged', ref('code_licence_transition')) }}
),

stepped as (
    select
        operation.licence_key,
        operation.system_code,
        operation.source_key,
        operation.place_no,
        operation.operation_code,
        operation.operated_at,
        replayed.from_state_code,
        replayed.to_state_code,
        replayed.is_possible,
        operation.place_grade_code,
        operation.licence_identifier,
        operation.previous_identifier,
        operation.operator_name,
        operation.reason,
        operation.source_at
    from operation
    left join logged
        on operation.licence_key = logged.licence_key
    left join replayed
        on
            logged.log = replayed.log
            and operation.place_no = replayed.place_no
),

reasoned as (
    select
        * exclude (place_grade_code),
        case
            when place_grade_code <> 'placed' then place_grade_code
            when is_possible is null then 'log_too_long'
            when not is_possible then {{ transition_reason() }}
        end as transition_reason_code,
        case
            when place_no is not null
                then lag(operation_code) over (
                    partition by licence_key
                    order by place_no nulls last
                )
        end as previous_operation_code
    from stepped
),

final as (
    select
        *,
        hash(reasoned) as _row_hash
    from reasoned
)

select * from final
