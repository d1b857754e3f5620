{# Text without the blanks a form or an export adds; empty is null. #}
{% macro clean_text(column) -%}
    nullif(trim(replace({{ column }}, '　', ' ')), '')
{%- endmacro %}

{# Left join that brings a department's own writing of a code to the standard one; the result is
   `<alias>.standard_code`, null for a writing nobody has mapped yet. #}
{% macro join_crosswalk(alias, code_set, value) %}
    left join {{ ref('code_crosswalk') }} as {{ alias }}
        on
            {{ alias }}.code_set = '{{ code_set }}'
            and {{ alias }}.source_value = {{ value }}
{% endmacro %}

{# A last valid day as departments write it: a date in any of three forms; 长期, 9999-12-31 and empty
   all mean no end, which is null here. #}
{% macro open_ended_date(column) -%}
    case
        when {{ matches_whole(column, '[0-9]{4}-[0-9]{2}-[0-9]{2}.*') }}
            then nullif(try_cast(substr({{ column }}, 1, 10) as date), date '9999-12-31')
        when {{ matches_whole(column, '[0-9]{8}') }}
            then nullif(
                try_cast(
                    substr({{ column }}, 1, 4) || '-' || substr({{ column }}, 5, 2) || '-'
                    || substr({{ column }}, 7, 2) as date
                ),
                date '9999-12-31'
            )
        when {{ matches_whole(column, '[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日') }}
            then try_cast(
                replace(replace(replace({{ column }}, '年', '-'), '月', '-'), '日', '') as date
            )
    end
{%- endmacro %}
