{# What the search for a person weighs: rows of the seed identity_evidence. #}
{% macro identity_evidence_codes() %}
    {{ return([
        'prior', 'accepted_from', 'margin', 'name_equal', 'birth_equal', 'birth_swapped',
        'birth_other', 'sex_other', 'phone_equal', 'address_equal', 'household_equal',
        'division_equal', 'division_other', 'number_equal', 'number_near',
    ]) }}
{% endmacro %}

{# Whether two dates are one with day and month exchanged. #}
{% macro is_swapped_date(column, other) -%}
    (
        extract(year from {{ column }}) = extract(year from {{ other }})
        and extract(month from {{ column }}) = extract(day from {{ other }})
        and extract(day from {{ column }}) = extract(month from {{ other }})
    )
{%- endmacro %}

{# Grain: one row per distinct name of `relation` (column `name`): how it reads, its characters in toneless
   pinyin, so that homophones and variant characters (伟 and 玮, 国 and 國) compare equal. Names longer
   than eight characters are foreign ones in Latin letters and compare as written. #}
{% macro name_readings(relation) %}
    select
        spelt.name,
        trim({% for place_no in range(1, 9) -%}
        coalesce(max(reading) filter (where place_no = {{ place_no }}), ''){{ " || ' ' || " if not loop.last }}
        {%- endfor %}) as reading
    from (
        select
            letters.name,
            place.place_no,
            coalesce(character.reading, substr(letters.letters, place.place_no, 1)) as reading
        from (
            select distinct
                name,
                {{ name_letters('name') }} as letters
            from {{ relation }}
            where name is not null
        ) as letters
        inner join (values (1), (2), (3), (4), (5), (6), (7), (8)) as place (place_no)
            on length(letters.letters) >= place.place_no
        left join {{ ref('code_character') }} as character
            on substr(letters.letters, place.place_no, 1) = character.character
        where length(letters.letters) <= 8
    ) as spelt
    group by spelt.name
    union all
    select distinct
        name,
        upper({{ name_letters('name') }}) as reading
    from {{ relation }}
    where length({{ name_letters('name') }}) > 8
{% endmacro %}

{# A name without blanks and without the dot between the parts of a foreign name. #}
{% macro name_letters(column) -%}
    replace(replace({{ column }}, ' ', ''), '·', '')
{%- endmacro %}

{# How many syllables of two readings differ; null unless they have as many syllables each. #}
{% macro reading_distance(reading, other) -%}
    case
        when
            length({{ reading }}) - length(replace({{ reading }}, ' ', ''))
            = length({{ other }}) - length(replace({{ other }}, ' ', ''))
            then
                {%- for place_no in range(1, 9) %}
                case
                    when split_part({{ reading }}, ' ', {{ place_no }})
                        <> split_part({{ other }}, ' ', {{ place_no }}) then 1
                    else 0
                end{{ ' +' if not loop.last }}
                {%- endfor %}
    end
{%- endmacro %}
