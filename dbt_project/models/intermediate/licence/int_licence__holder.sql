-- Holders as keys of their libraries, found by number; the name written beside the number only
-- chooses between two bearers of it, or speaks against it. A number that stands without its name
-- may be borne by any name of its licence; with fewer names than numbers the number is enough.
with listed as (
    select * from {{ ref('int_licence__holder_listed') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

person as (
    select * from {{ ref('lib_population__entity_person') }}
),

organisation as (
    select * from {{ ref('lib_legal_entity__entity_organisation') }}
),

coded as (
    select
        * exclude (holder_number),
        case
            when holder_kind_code = 'person' then {{ person_number('holder_number') }}
            else holder_number
        end as holder_code,
        case
            when holder_kind_code = 'organisation'
                then {{ organisation_reference_kind('holder_number') }}
        end as reference_kind_code,
        case
            when holder_kind_code = 'organisation'
                then {{ organisation_reference_number('holder_number') }}
        end as reference_number
    from listed
),

candidate as (
    select
        licence_key,
        holder_no,
        holder_code as number,
        holder_name as name
    from coded
    where
        holder_kind_code = 'person'
        and holder_code is not null
        and (pairing_code <> 'unpaired' or code_count > name_count)
    union all
    select
        coded.licence_key,
        coded.holder_no,
        coded.holder_code as number,
        {{ list_part('coded.name_list', 'place.place_no') }} as name
    from coded
    inner join {{ places(256) }}
        on coded.name_count >= place.place_no
    where
        coded.pairing_code = 'unpaired'
        and coded.holder_kind_code = 'person'
        and coded.holder_code is not null
),

reference as (
    {{ person_references('candidate') }}
),

person_found as (
    select
        candidate.licence_key,
        candidate.holder_no,
        case
            when min(reference.person_key) = max(reference.person_key)
                then min(reference.person_key)
        end as person_key,
        case
            when min(reference.person_key) = max(reference.person_key) then 'found'
            when min(reference.person_key) is not null then 'shared'
            else max(reference.reference_grade_code)
        end as reference_grade_code
    from candidate
    inner join reference
        on
            candidate.number = reference.number
            and coalesce(candidate.name, '') = coalesce(reference.name, '')
    group by candidate.licence_key, candidate.holder_no
),

-- A number that two organisations claim identifies neither.
organisation_identifier as (
    select
        identifier_kind_code,
        identifier_number,
        min(entity_key) as entity_key,
        min(entity_key) < max(entity_key) as is_shared
    from {{ ref('lib_legal_entity__link_entity_identifier') }}
    group by identifier_kind_code, identifier_number
),

found as (
    select
        coded.*,
        person_found.person_key,
        case when not organisation_identifier.is_shared then organisation_identifier.entity_key end
            as entity_key,
        case
            when coded.holder_code is null then 'code_missing'
            when coded.holder_kind_code = 'person'
                then coalesce(person_found.reference_grade_code, 'unknown')
            when coded.reference_kind_code is null then 'code_invalid'
            when organisation_identifier.entity_key is null then 'unknown'
            when organisation_identifier.is_shared then 'shared'
            else 'found'
        end as reference_grade_code
    from coded
    left join person_found
        on
            coded.licence_key = person_found.licence_key
            and coded.holder_no = person_found.holder_no
    left join organisation_identifier
        on
            coded.reference_kind_code = organisation_identifier.identifier_kind_code
            and coded.reference_number = organisation_identifier.identifier_number
),

ended as (
    select
        found.licence_key,
        found.holder_no,
        found.system_code,
        found.holder_count,
        found.pairing_code,
        found.holder_kind_code,
        found.person_key,
        found.entity_key,
        found.holder_name,
        found.holder_code,
        found.holder_code_type,
        found.reference_grade_code,
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
        ) as has_ended
    from found
    cross join cut
    left join person
        on found.person_key = person.person_key
    left join organisation
        on found.entity_key = organisation.entity_key
),

final as (
    select
        *,
        hash(ended) as _row_hash
    from ended
)

select * from final
