with code_value as (
    select * from {{ ref('code_value') }}
),

final as (
    select
        code_set,
        code,
        name,
        standard,
        source_mark,
        effective_date
    from code_value
)

select * from final
