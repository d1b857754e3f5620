-- Holder and issuer as keys of their libraries, found by number and never by name; the chain of
-- versions that share type, issuer and serial; the state that stands on the day of the cut.
with record as (
    select * from {{ ref('int_licence__licence_record') }}
),

register as (
    {{ current_keys(ref('int_licence__identity_register')) }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

person_identifier as (
    select * from {{ ref('lib_population__link_person_identifier') }}
),

person as (
    select * from {{ ref('lib_population__entity_person') }}
),

-- A number that two organisations claim identifies neither.
organisation_identifier as (
    select
        identifier_kind_code,
        identifier_number,
        min(entity_key) as entity_key
    from {{ ref('lib_legal_entity__link_entity_identifier') }}
    group by identifier_kind_code, identifier_number
    having min(entity_key) = max(entity_key)
),

organisation as (
    select * from {{ ref('lib_legal_entity__entity_organisation') }}
),

resolved as (
    select
        register.key as licence_key,
        record.*,
        person.person_key,
        organisation.entity_key,
        issuer.entity_key as issuer_entity_key,
        cut.as_of_date,
        coalesce(
            (
                person.is_deceased
                and coalesce(person.death_date, cut.as_of_date) <= cut.as_of_date
            )
            or (
                organisation.status_code in ('3', '4')
                and coalesce(organisation.ended_date, cut.as_of_date) <= cut.as_of_date
            ),
            false
        ) as has_ended_holder
    from record
    inner join register
        on record.identity_anchor = register.anchor
    cross join cut
    left join person_identifier
        on
            record.holder_code = person_identifier.identifier_number
            and record.holder_kind_code = 'person'
    left join person
        on person_identifier.person_key = person.person_key
    left join organisation_identifier
        on
            record.holder_reference_kind_code = organisation_identifier.identifier_kind_code
            and record.holder_reference_number = organisation_identifier.identifier_number
    left join organisation
        on organisation_identifier.entity_key = organisation.entity_key
    left join organisation_identifier as issuer
        on
            record.issuer_reference_kind_code = issuer.identifier_kind_code
            and record.issuer_reference_number = issuer.identifier_number
),

chained as (
    select
        *,
        lag(licence_key) over (
            partition by chain_anchor
            order by version_no
        ) as predecessor_key,
        lead(licence_key) over (
            partition by chain_anchor
            order by version_no
        ) as successor_key,
        lead(valid_from) over (
            partition by chain_anchor
            order by version_no
        ) as successor_valid_from
    from resolved
    where is_well_formed
    union all
    select
        *,
        cast(null as bigint) as predecessor_key,
        cast(null as bigint) as successor_key,
        cast(null as date) as successor_valid_from
    from resolved
    where not is_well_formed
),

reasoned as (
    select
        *,
        {{ licence_reason() }} as computed_reason_code
    from chained
),

stated as (
    select
        *,
        {{ licence_state() }} as computed_state_code
    from reasoned
),

-- The day itself is no part of what is known about a licence: with it in the hash, every licence
-- would be written anew every day.
settled as (
    select * exclude (as_of_date)
    from stated
),

final as (
    select
        *,
        hash(settled) as _row_hash
    from settled
)

select * from final
