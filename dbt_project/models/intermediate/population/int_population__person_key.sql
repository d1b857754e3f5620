with identity as (
    select * from {{ ref('int_population__identity') }}
),

register as (
    {{ current_keys(ref('int_population__identity_register')) }}
),

final as (
    select
        identity.identity,
        min(register.key) as person_key
    from identity
    inner join register
        on identity.anchor = register.anchor
    group by identity.identity
)

select * from final
