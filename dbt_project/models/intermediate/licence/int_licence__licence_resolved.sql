-- Everything about a licence version, and the state that stands on the day of the cut.
with licence as (
    select * exclude (holder_code, holder_code_type, version_no, previous_identifier)
    from {{ ref('int_licence__licence_record') }}
),

chained as (
    select * from {{ ref('int_licence__version_chained') }}
),

holder as (
    select * from {{ ref('int_licence__holder') }}
),

operation as (
    select * from {{ ref('int_licence__operation_replayed') }}
),

licence_type as (
    select * from {{ ref('code_licence_type') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
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

-- Who took an abolished issuer's place, where one body did.
issuer_successor as (
    select
        related_entity_key as entity_key,
        min(entity_key) as successor_entity_key
    from {{ ref('lib_legal_entity__link_entity_relation') }}
    where relation_code = 'successor_of' and related_entity_key is not null
    group by related_entity_key
    having min(entity_key) = max(entity_key)
),

held as (
    select
        licence_key,
        max(pairing_code) as pairing_code,
        cast(max(holder_count) as integer) as holder_count,
        cast(count(*) filter (where has_ended) as integer) as ended_holder_count,
        cast(count(*) filter (where person_key is null and entity_key is null) as integer)
            as unresolved_holder_count,
        case
            when count(holder_kind_code) = 0 then null
            when min(holder_kind_code) = max(holder_kind_code) then min(holder_kind_code)
            else 'mixed'
        end as holder_kind_code,
        case when max(holder_count) = 1 then max(holder_code) end as holder_code,
        case when max(holder_count) = 1 then max(person_key) end as person_key,
        case when max(holder_count) = 1 then max(entity_key) end as entity_key
    from holder
    group by licence_key
),

-- Where the log leads, and the day it last moved; the operation recorded last, whatever it did.
operated as (
    select
        licence_key,
        max_by(to_state_code, place_no) filter (where to_state_code is not null)
            as operation_state_code,
        max(operated_at) filter (where is_possible) as operated_at,
        max_by(operation_code, place_no) filter (where place_no is not null) as operation_code,
        cast(count(*) filter (where not is_possible) as integer) as impossible_operation_count
    from operation
    where licence_key is not null
    group by licence_key
),

resolved as (
    select
        licence.*,
        chained.version_no,
        chained.is_current_version,
        chained.superseded_from,
        held.pairing_code,
        held.holder_count,
        held.ended_holder_count,
        held.unresolved_holder_count,
        held.holder_kind_code,
        held.holder_code,
        held.person_key,
        held.entity_key,
        licence_type.holder_end_code,
        licence_type.licence_type_code is not null as is_known_type,
        operated.operation_code,
        operated.operation_state_code,
        operated.operated_at,
        coalesce(operated.impossible_operation_count, 0) as impossible_operation_count,
        -- by the day: directories are written from the log once a day
        coalesce(cast(operated.operated_at as date) > cast(licence.source_at as date), false)
            as is_operation_newer,
        issuer.entity_key as issuer_entity_key,
        issuer_successor.successor_entity_key as issuer_successor_key,
        coalesce(
            issuer_organisation.status_code in ('3', '4')
            and coalesce(issuer_organisation.ended_date, cut.as_of_date) <= cut.as_of_date,
            false
        ) as issuer_is_abolished,
        coalesce(
            issuer_organisation.status_code in ('3', '4')
            and issuer_organisation.ended_date < licence.issued_date,
            false
        ) as issued_by_abolished,
        cut.as_of_date
    from licence
    inner join chained
        on licence.licence_key = chained.licence_key
    inner join held
        on licence.licence_key = held.licence_key
    cross join cut
    left join operated
        on licence.licence_key = operated.licence_key
    left join licence_type
        on licence.licence_type_code = licence_type.licence_type_code
    left join organisation_identifier as issuer
        on
            licence.issuer_reference_kind_code = issuer.identifier_kind_code
            and licence.issuer_reference_number = issuer.identifier_number
    left join organisation as issuer_organisation
        on issuer.entity_key = issuer_organisation.entity_key
    left join issuer_successor
        on issuer.entity_key = issuer_successor.entity_key
),

ended as (
    select
        *,
        {{ licence_holder_has_ended() }} as has_ended_holder
    from resolved
),

reasoned as (
    select
        *,
        {{ licence_reason() }} as computed_reason_code
    from ended
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
