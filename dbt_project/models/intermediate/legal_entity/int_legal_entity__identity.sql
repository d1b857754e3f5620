-- Every anchor that names an organisation today, and the identity it belongs to. An identity is
-- called by the least of its anchors; that name may change from build to build, the key the
-- register gives it does not.
with number_identity as (
    select * from {{ ref('int_legal_entity__number_identity') }}
),

sought as (
    select * from {{ ref('int_legal_entity__record_sought') }}
    where is_accepted and number_identity is not null
),

pair as (
    select distinct
        number_identity as anchor,
        candidate as other_anchor
    from sought
),

{{ connected_anchors('pair') }},

final as (
    select
        number_identity.anchor,
        number_identity.number_identity,
        coalesce(connected.label, number_identity.number_identity) as identity,
        case
            when number_identity.anchor like 'source:%' then 1
            when number_identity.anchor like 'organisation:%' then 2
            else 3
        end as strength
    from number_identity
    left join connected
        on number_identity.number_identity = connected.anchor
)

select * from final
