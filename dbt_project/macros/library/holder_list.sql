{#
    Several holders written in one text, as each system writes them: 张三、李四, 张三;李四, 张三 李四.

    A list is a text whose parts are joined by `;`; `list_part` takes them out one by one. Explicit
    separators always divide; `/` only where there is none of them, since it also stands for nothing
    (`无`, `/`); blanks only where that gives as many names as codes, since blanks also stand inside
    names and numbers. An empty part is a missing value, so that the others keep their places.
#}
{% macro explicit_list(text) -%}
    case
        when {{ clean_text(text) }} in {{ nothing_written() }} then cast(null as varchar)
        when {{ _divided(text) }} like '%;%' then {{ _divided(text) }}
        else replace(replace({{ clean_text(text) }}, '／', ';'), '/', ';')
    end
{%- endmacro %}

{# The same, with blanks as the separator. #}
{% macro blank_list(text) -%}
    {{ replaced_everywhere(clean_text(text), '[ \u00a0\t]+', ';') }}
{%- endmacro %}

{% macro _divided(text) -%}
    translate({{ clean_text(text) }}, '、，,；|｜' || chr(10), ';;;;;;;')
{%- endmacro %}

{# What people write for nothing. #}
{% macro nothing_written() %}{{ return("('无', '/', '／', '-', '—', '不详', '暂无', '未知')") }}{% endmacro %}

{% macro list_length(list) -%}
    (length({{ list }}) - length(replace({{ list }}, ';', '')) + 1)
{%- endmacro %}

{# A list without the separators after its last part. #}
{% macro list_trimmed(list) -%}
    {{ replaced_everywhere(list, '[; ]+$', '') }}
{%- endmacro %}

{# The n-th part, from 1; null where nothing is written. #}
{% macro list_part(list, place) -%}
    case
        when {{ clean_text("split_part(" ~ list ~ ", ';', " ~ place ~ ")") }}
            not in {{ nothing_written() }}
            then {{ clean_text("split_part(" ~ list ~ ", ';', " ~ place ~ ")") }}
    end
{%- endmacro %}
