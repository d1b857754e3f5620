-- What each record of an issuer's directory is known by. Records of one identifier are one licence
-- version sent again; the newest stands for it.
with licence as (
    select * from {{ ref('stg_e_licence__licence') }}
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

final as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by source_at desc, source_key desc, system_code asc
        ) as recency_rank
    from anchored
)

select * from final
