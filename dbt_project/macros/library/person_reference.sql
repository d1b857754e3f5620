{#
    Who is meant by a number and the name written beside it (a holder, a representative, a shareholder).
    The number leads, never the name: the name only chooses between two bearers of one number (重号), and
    speaks against a number that is somebody else's (错号).

    `relation` has the columns `number` (comparable form, see person_number) and `name`. Grain of the result:
    one row per distinct number and name that leads to somebody, with

    person_key              null when the reference must not be followed
    reference_grade_code    found | name_contradicts | shared
#}
{% macro person_references(relation) %}
    select
        number,
        name,
        case
            when agreed_count = 1 then agreed_person_key
            when agreed_count = 0 and bearer_count = 1 and (name is null or is_near) then any_person_key
        end as person_key,
        case
            when agreed_count = 1 then 'found'
            when agreed_count = 0 and bearer_count = 1 and (name is null or is_near) then 'found'
            when agreed_count > 1 or name is null then 'shared'
            else 'name_contradicts'
        end as reference_grade_code
    from (
        select
            reference.number,
            reference.name,
            count(distinct identifier.person_key) as bearer_count,
            count(distinct person_name.person_key) as agreed_count,
            min(person_name.person_key) as agreed_person_key,
            min(identifier.person_key) as any_person_key,
            max(
                case
                    when
                        length(reference.name) >= 3
                        and {{ reading_distance('reading.reading', 'known_name.name_reading') }} <= 1
                        then 1
                    else 0
                end
            ) = 1 as is_near
        from (
            select distinct
                number,
                name
            from {{ relation }}
            where number is not null
        ) as reference
        inner join {{ ref('lib_population__link_person_identifier') }} as identifier
            on reference.number = identifier.identifier_number
        inner join {{ ref('lib_population__link_person_name') }} as known_name
            on identifier.person_key = known_name.person_key
        left join ({{ name_readings(relation) }}) as reading
            on reference.name = reading.name
        left join {{ ref('lib_population__link_person_name') }} as person_name
            on
                identifier.person_key = person_name.person_key
                and reading.reading = person_name.name_reading
        group by reference.number, reference.name
    ) as weighed
{% endmacro %}
