-- What happened to keys: who keeps an earlier key must follow these rows. A key that is in none of
-- them means the same organisation for ever.
with register as (
    select * from {{ ref('int_legal_entity__identity_register') }}
),

final as (
    select
        entry_no as identity_event_no,
        operation as operation_code,
        case when operation = 'merge' then key else related_key end as former_entity_key,
        case when operation = 'merge' then related_key else key end as entity_key,
        recorded_cut as recorded_cut_no
    from register
    where operation in ('merge', 'split', 'move')
)

select * from final
