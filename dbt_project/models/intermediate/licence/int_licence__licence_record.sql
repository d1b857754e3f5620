-- One row per licence version: a version that was sent twice keeps its newest record.
with licence as (
    select * from {{ ref('stg_licence_issuing__licence') }}
),

anchored as (
    select
        *,
        case
            when is_well_formed then 'licence:' || licence_identifier
            else 'source:' || system_code || '.licence:' || source_key
        end as identity_anchor
    from licence
),

numbered as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by source_at desc, source_key desc
        ) as recency_rank
    from anchored
),

final as (
    select *
    from numbered
    where recency_rank = 1
)

select * from final
