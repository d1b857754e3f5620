with identity as (
    select * from {{ ref('int_legal_entity__identity') }}
),

register as (
    {{ current_keys(ref('int_legal_entity__identity_register')) }}
),

final as (
    select
        identity.anchor,
        identity.number_identity,
        identity.identity,
        register.key as entity_key
    from identity
    inner join register
        on identity.anchor = register.anchor
)

select * from final
