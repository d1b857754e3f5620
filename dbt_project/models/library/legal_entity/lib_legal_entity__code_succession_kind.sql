with succession_kind as (
    select * from {{ ref('code_succession_kind') }}
),

final as (
    select
        kind_code,
        name,
        is_same_organisation,
        ends_predecessor,
        note,
        source_mark,
        source,
        noted_date
    from succession_kind
)

select * from final
