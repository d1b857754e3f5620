with transition as (
    select * from {{ ref('code_licence_transition') }}
),

final as (
    select
        from_state_code,
        operation_code,
        to_state_code,
        name,
        source_mark,
        source
    from transition
)

select * from final
