-- What speaks against a death as the library holds it, for a steward to look at: one row per
-- contradicting record and reason.
with contradicted as (
    select * from {{ ref('int_population__death_contradicted') }}
),

final as (
    select
        person_key,
        reason_code,
        death_date,
        stated_date,
        system_code,
        table_code,
        source_key
    from contradicted
)

select * from final
