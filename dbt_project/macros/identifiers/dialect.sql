{# What DuckDB and Spark write differently and the number rules need. Nothing else belongs here. #}

{% macro whole_quotient(dividend, divisor) -%}
    {{ adapter.dispatch('whole_quotient', 'citybase')(dividend, divisor) }}
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    ({{ dividend }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    ({{ dividend }} div {{ divisor }})
{%- endmacro %}

{% macro matches_whole(text, pattern) -%}
    {{ adapter.dispatch('matches_whole', 'citybase')(text, pattern) }}
{%- endmacro %}

{% macro default__matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_whole(text, pattern) -%}
    ({{ text }} rlike '^(?:{{ pattern }})$')
{%- endmacro %}

{% macro without_characters(text, set) -%}
    {{ adapter.dispatch('without_characters', 'citybase')(text, set) }}
{%- endmacro %}

{% macro default__without_characters(text, set) -%}
    regexp_replace({{ text }}, '{{ set }}', '', 'g')
{%- endmacro %}

{% macro spark__without_characters(text, set) -%}
    regexp_replace({{ text }}, '{{ set }}', '')
{%- endmacro %}
