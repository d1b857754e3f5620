{# What DuckDB and Spark spell differently. Everything else in the models is their intersection. #}

{# Whole seconds since 1970 of a timestamp, as BIGINT. #}
{% macro epoch_second(timestamp) %}{{ adapter.dispatch('epoch_second', 'citybase')(timestamp) }}{% endmacro %}
{% macro duckdb__epoch_second(timestamp) -%}
    cast(floor(epoch({{ timestamp }})) as bigint)
{%- endmacro %}
{% macro spark__epoch_second(timestamp) -%}
    unix_timestamp({{ timestamp }})
{%- endmacro %}

{# The timestamp of whole seconds since 1970. #}
{% macro second_timestamp(second) %}{{ adapter.dispatch('second_timestamp', 'citybase')(second) }}{% endmacro %}
{% macro duckdb__second_timestamp(second) -%}
    make_timestamp({{ second }} * 1000000)
{%- endmacro %}
{% macro spark__second_timestamp(second) -%}
    timestamp_seconds({{ second }})
{%- endmacro %}

{# 13 bits that look random and depend only on the text: equal on every engine (md5). #}
{% macro mixer_13(text) %}{{ adapter.dispatch('mixer_13', 'citybase')(text) }}{% endmacro %}
{% macro duckdb__mixer_13(text) -%}
    (cast('0x' || substr(md5({{ text }}), 1, 4) as bigint) % 8192)
{%- endmacro %}
{% macro spark__mixer_13(text) -%}
    (cast(conv(substr(md5({{ text }}), 1, 4), 16, 10) as bigint) % 8192)
{%- endmacro %}

{# A hash to compare values within one query: never stored across versions, never joined on. #}
{% macro value_hash(value) %}{{ adapter.dispatch('value_hash', 'citybase')(value) }}{% endmacro %}
{% macro duckdb__value_hash(value) -%}
    hash({{ value }})
{%- endmacro %}
{% macro spark__value_hash(value) -%}
    xxhash64({{ value }})
{%- endmacro %}

{# Texts of a group joined without anything between them, in order. #}
{% macro joined_in_order(text, order) %}{{ adapter.dispatch('joined_in_order', 'citybase')(text, order) }}{% endmacro %}
{% macro duckdb__joined_in_order(text, order) -%}
    string_agg({{ text }}, '' order by {{ order }})
{%- endmacro %}
{% macro spark__joined_in_order(text, order) -%}
    listagg({{ text }}, '') within group (order by {{ order }})
{%- endmacro %}

{# Every part of a text that matches a pattern replaced by another text. #}
{% macro replaced_everywhere(text, pattern, new) %}{{ adapter.dispatch('replaced_everywhere', 'citybase')(text, pattern, new) }}{% endmacro %}
{% macro duckdb__replaced_everywhere(text, pattern, new) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ new }}', 'g')
{%- endmacro %}
{% macro spark__replaced_everywhere(text, pattern, new) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ new }}')
{%- endmacro %}

{# The relation `place` of the numbers 1 to `most`, column `place_no`. #}
{% macro places(most) -%}
    (values {% for number in range(1, most + 1) %}({{ number }}){{ ', ' if not loop.last }}{% endfor %}) as place (place_no)
{%- endmacro %}
