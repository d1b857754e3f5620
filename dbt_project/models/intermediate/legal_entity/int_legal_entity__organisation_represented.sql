-- The golden record with its representative as a person of the population library: found by number,
-- never by name.
with golden as (
    select * exclude (_input_hash, _row_hash)
    from {{ ref('int_legal_entity__organisation_golden') }}
),

person as (
    select * from {{ ref('lib_population__link_person_identifier') }}
),

represented as (
    select
        golden.*,
        person.person_key as representative_person_key
    from golden
    left join person
        on golden.representative_number = person.identifier_number
),

final as (
    select
        *,
        hash(represented) as _row_hash
    from represented
)

select * from final
