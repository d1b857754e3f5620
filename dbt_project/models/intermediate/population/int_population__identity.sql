-- Every anchor that names a person today, and the identity it belongs to: anchors joined by a
-- corrected number, by a card that names another card, or by a row of the register found to belong
-- to a number. An identity is called by the least of its joined anchors; that name may change from
-- build to build, the key the register gives it does not.
{%- set rounds = 6 %}
with record as (
    select * from {{ ref('int_population__record_placed') }}
),

sought as (
    select * from {{ ref('int_population__register_sought') }}
    where is_accepted
),

claim as (
    select * from {{ ref('int_population__number_claim') }}
    where verdict_code = 'own'
),

joined as (
    -- A card and the card it names, unless one of the two numbers is somebody else's.
    select
        card.place_anchor as anchor,
        linked.place_anchor as other_anchor
    from record as card
    inner join record as linked
        on
            card.system_code = linked.system_code
            and card.table_code = linked.table_code
            and card.source_key = linked.source_key
    where
        card.role_code = 'self'
        and linked.role_code = 'linked'
        and card.place_anchor is not null
        and linked.place_anchor is not null
    union
    select
        record.place_anchor as anchor,
        sought.candidate_anchor as other_anchor
    from record
    inner join sought
        on record.source_key = sought.source_key
    where record.is_registered
    union
    -- A number the police replaced stays its bearer's, unless another bears it by right.
    select
        record.place_anchor as anchor,
        record.identity_anchor as other_anchor
    from record
    left join claim
        on record.identity_anchor = claim.identity_anchor
    where
        record.role_code = 'previous'
        and record.place_anchor <> record.identity_anchor
        and coalesce(claim.bearer_reading = record.reading, true)
        and record.verdict_code in ('own', 'former_name')
),

edge as (
    select
        anchor,
        other_anchor
    from joined
    union
    select
        other_anchor as anchor,
        anchor as other_anchor
    from joined
),

label_0 as (
    select distinct
        anchor,
        anchor as label
    from edge
),
{% for round in range(1, rounds + 1) %}
label_{{ round }} as (
    select
        edge.anchor,
        least(min(mine.label), min(theirs.label)) as label
    from edge
    inner join label_{{ round - 1 }} as mine
        on edge.anchor = mine.anchor
    inner join label_{{ round - 1 }} as theirs
        on edge.other_anchor = theirs.anchor
    group by edge.anchor
),
{% endfor %}
placed as (
    select
        place_anchor as anchor,
        place_anchor
    from record
    where place_anchor is not null
    union
    select
        register_anchor as anchor,
        place_anchor
    from record
    where is_registered
    union
    select
        anchor,
        anchor as place_anchor
    from label_{{ rounds }}
),

final as (
    select
        placed.anchor,
        coalesce(label.label, placed.place_anchor) as identity,
        case
            when placed.anchor like 'register:%' then 1
            when placed.anchor like '%#%' then 4
            when placed.anchor like 'resident:%' then 2
            else 3
        end as strength
    from placed
    left join label_{{ rounds }} as label
        on placed.place_anchor = label.anchor
)

select * from final
