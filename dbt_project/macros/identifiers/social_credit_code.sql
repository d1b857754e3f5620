{#
    Unified social credit codes, GB 32100-2015, by both checks.
    The twin of citybase/identifiers/organisation.py.
#}

{#
    instr gives a value plus one. The weights times those ones, 306, are taken off in the
    remainder: 306 % 31 = 27. Each place stands in the text once: inside a case DuckDB computes a
    common part again.
#}
{% macro uscc_check_holds(number) -%}
    (
        (
            0
            {%- for place in range(1, 19) %}
            + {{ 3 ** (place - 1) % 31 if place < 18 else 1 }}
            * instr('0123456789ABCDEFGHJKLMNPQRTUWXY', substr({{ number }}, {{ place }}, 1))
            {%- endfor %}
        ) % 31 = 27
    )
{%- endmacro %}

{% macro uscc_grade(number, is_category_known=none, is_area_in_force=none) -%}
    {%- set letter = '[0-9A-HJ-NPQRTUWXY]' -%}
    case
        when {{ number }} is null then null
        when length({{ number }}) <> 18 then 'length'
        when not {{ matches_whole(number, letter ~ '{2}[0-9]{6}' ~ letter ~ '{10}') }}
            then 'charset'
        when not {{ uscc_check_holds(number) }} then 'checksum'
        when not {{ organisation_code_check_holds(number, 9) }} then 'organisation_checksum'
        {%- if is_category_known is not none %}
        when not {{ is_category_known }} then 'category_unknown'
        {%- endif %}
        {%- if is_area_in_force is not none %}
        when {{ is_area_in_force }} is null then 'area_unknown'
        when not {{ is_area_in_force }} then 'area_historic'
        {%- endif %}
        else 'ok'
    end
{%- endmacro %}

{% macro uscc_is_valid(number) -%}
    coalesce({{ uscc_grade(number) }} = 'ok', false)
{%- endmacro %}

{% macro uscc_category_code(number) -%}
    substr({{ number }}, 1, 2)
{%- endmacro %}

{% macro uscc_division_code(number) -%}
    substr({{ number }}, 3, 6)
{%- endmacro %}

{# The division as divisions_in_force has it: join on it after computing it in its own CTE. #}
{% macro uscc_area(number) -%}
    case
        when {{ matches_whole(uscc_division_code(number), '[0-9]{6}') }}
            then cast({{ uscc_division_code(number) }} as int)
    end
{%- endmacro %}

{% macro uscc_organisation_code(number) -%}
    substr({{ number }}, 9, 9)
{%- endmacro %}
