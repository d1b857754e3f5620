with record as (
    select * from {{ ref('int_licence__record_anchored') }}
),

register as (
    {{ current_keys(ref('int_licence__identity_register')) }}
),

keyed as (
    select
        register.key as licence_key,
        record.system_code,
        record.source_key,
        record.recency_rank = 1 as is_leading,
        record.source_at
    from record
    inner join register
        on record.identity_anchor = register.anchor
),

final as (
    select
        *,
        hash(keyed) as _row_hash
    from keyed
)

select * from final
