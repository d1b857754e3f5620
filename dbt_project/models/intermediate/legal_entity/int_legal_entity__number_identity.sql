-- Anchors joined by what is written together: a row of a register and its code, an organisation
-- code and a registration number. Successor and predecessor are two organisations, unless the seed
-- code_succession_kind says that the same one only got a new code.
with record as (
    select * from {{ ref('int_legal_entity__record_placed') }}
),

succession as (
    select succession.*
    from {{ ref('stg_enterprise_register__succession') }} as succession
    inner join {{ ref('code_succession_kind') }} as succession_kind
        on succession.succession_kind_code = succession_kind.kind_code
    where succession_kind.is_same_organisation
),

held as (
    select register_anchor as anchor from record
    where register_anchor is not null
    union
    select place_anchor as anchor from record
    where place_anchor is not null
    union
    select 'registration:' || registration_number as anchor from record
    where registration_number is not null
),

recoded as (
    select
        coalesce(
            'source:enterprise_register.enterprise:' || predecessor_enterprise_no,
            'organisation:' || predecessor_organisation_code,
            'registration:' || predecessor_registration_number
        ) as anchor,
        'organisation:' || successor_organisation_code as other_anchor
    from succession
),

pair as (
    select
        register_anchor as anchor,
        place_anchor as other_anchor
    from record
    where register_anchor is not null and place_anchor is not null
    union
    select
        'organisation:' || organisation_code as anchor,
        'registration:' || registration_number as other_anchor
    from record
    where organisation_code is not null and registration_number is not null
    union
    select
        recoded.anchor,
        recoded.other_anchor
    from recoded
    inner join held
        on recoded.anchor = held.anchor
    inner join held as other_held
        on recoded.other_anchor = other_held.anchor
),

{{ connected_anchors('pair') }},

final as (
    select
        held.anchor,
        coalesce(connected.label, held.anchor) as number_identity
    from held
    left join connected
        on held.anchor = connected.anchor
)

select * from final
