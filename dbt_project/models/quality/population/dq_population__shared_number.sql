-- 重号: numbers that two persons bear. The police give one of them another; until then a reference by
-- this number alone leads to nobody.
with identifier as (
    select * from {{ ref('lib_population__link_person_identifier') }}
    where not is_replaced
),

shared as (
    select
        identifier_kind_code,
        identifier_number
    from identifier
    group by identifier_kind_code, identifier_number
    having count(*) > 1
),

person as (
    select * from {{ ref('lib_population__entity_person') }}
),

final as (
    select
        identifier.person_key,
        identifier.identifier_kind_code,
        identifier.identifier_number,
        person.name,
        person.birth_date,
        person.division_code,
        identifier.source_record_count
    from identifier
    inner join shared
        on
            identifier.identifier_kind_code = shared.identifier_kind_code
            and identifier.identifier_number = shared.identifier_number
    inner join person
        on identifier.person_key = person.person_key
)

select * from final
