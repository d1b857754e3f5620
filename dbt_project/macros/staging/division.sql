{# A place as a department writes it: a code of six, nine or twelve digits (a township's or village's
   begins with its county's), or the name of the county. `<alias>.division_code` is then the code in
   force: abolished codes and zones follow the seed code_division_succession, names the crosswalk set
   `division_name`. A code that neither knows stands for itself. #}
{% macro join_division(alias, value) %}
    left join (
        select
            source_value as written,
            standard_code as division_code
        from {{ ref('code_crosswalk') }}
        where code_set = 'division_name' and system_code = '*'
        union all
        select
            old_code as written,
            new_code as division_code
        from {{ ref('code_division_succession') }}
    ) as {{ alias }}
        on {{ alias }}.written = {{ _division_text(value) }}
{% endmacro %}

{# The division code in force; null for a name nobody has mapped. A code that was divided among several
   leads no further than to the city: `address`, an alias of join_address, says which county it is. #}
{% macro division_in_force(alias, value, address=none) -%}
    coalesce(
        {%- if address is not none %}
        case when {{ alias }}.division_code like '%00' then {{ address }}.division_code end,
        {%- endif %}
        {{ alias }}.division_code,
        case
            when {{ matches_whole(_division_text(value), '[0-9]{6}') }}
                then {{ _division_text(value) }}
        end
    )
{%- endmacro %}

{% macro _division_text(value) -%}
    case
        when {{ matches_whole(clean_text(value), '[0-9]{6}([0-9]{3}){1,2}') }}
            then substr({{ clean_text(value) }}, 1, 6)
        else {{ clean_text(value) }}
    end
{%- endmacro %}
