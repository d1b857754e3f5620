{# Text without the blanks a form or an export adds; empty is null. #}
{% macro clean_text(column) -%}
    nullif(trim(replace({{ column }}, '　', ' ')), '')
{%- endmacro %}

{# A Chinese name without the blanks a form leaves inside it; one with Latin letters keeps its own. #}
{% macro name_without_blanks(column) -%}
    case
        when {{ matches_whole(column, '[^A-Za-z]*') }} then replace({{ clean_text(column) }}, ' ', '')
        else {{ clean_text(column) }}
    end
{%- endmacro %}

{# Left join that brings a department's own writing of a code to the standard one; the result is
   `<alias>.standard_code`, null for a writing nobody has mapped yet. A row of the crosswalk for
   system `*` holds for every system. `system`, an expression, says whose writing it is: a row for
   just that system then wins over one for all. #}
{% macro join_crosswalk(alias, code_set, value, system=none) %}
    {%- if system is none %}
    left join {{ ref('code_crosswalk') }} as {{ alias }}
        on
            {{ alias }}.code_set = '{{ code_set }}'
            and {{ alias }}.system_code = '*'
            and {{ alias }}.source_value = {{ clean_text(value) }}
    {%- else %}
    left join (
        select distinct system_code
        from {{ ref('code_crosswalk') }}
        where code_set = '{{ code_set }}'
    ) as {{ alias }}_dialect
        on {{ alias }}_dialect.system_code = {{ system }}
    left join (
        select
            dialect.system_code,
            crosswalk.source_value,
            max_by(crosswalk.standard_code, crosswalk.system_code) as standard_code
        from (
            select system_code
            from {{ ref('code_crosswalk') }}
            where code_set = '{{ code_set }}'
            union
            select '*'
        ) as dialect
        inner join {{ ref('code_crosswalk') }} as crosswalk
            on crosswalk.system_code in ('*', dialect.system_code)
        where crosswalk.code_set = '{{ code_set }}'
        group by dialect.system_code, crosswalk.source_value
    ) as {{ alias }}
        on
            {{ alias }}.system_code = coalesce({{ alias }}_dialect.system_code, '*')
            and {{ alias }}.source_value = {{ clean_text(value) }}
    {%- endif %}
{% endmacro %}

{# The system whose dialect a table is written in, as join_crosswalk takes it: that of the row in a
   shape, a named one, or none. #}
{% macro _dialect(system, shape) %}
    {% if shape is not none %}
        {{ return('written.system_code') }}
    {% elif system is not none %}
        {{ return("'" ~ system ~ "'") }}
    {% endif %}
    {{ return(none) }}
{% endmacro %}

{# A date as departments write it: 2020-05-01, 2020/5/1, 2020.5.1, 20200501, 2020年5月1日; null when it is
   none of these or no day of the calendar. #}
{% macro written_date(column) -%}
    case
        when {{ matches_whole(column, '[0-9]{8}') }}
            then try_cast(
                substr({{ column }}, 1, 4) || '-' || substr({{ column }}, 5, 2) || '-'
                || substr({{ column }}, 7, 2) as date
            )
        when {{ matches_whole(column, '[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?( .*)?') }}
            then try_cast(
                split_part(
                    replace(translate({{ column }}, '/.年月', '----'), '日', ''), ' ', 1
                ) as date
            )
    end
{%- endmacro %}

{# Whether a last valid day is written at all: `open` for 长期, 9999-12-31 and empty, `given` for a day,
   `unreadable` for anything else. What cannot be read must never pass for no end. #}
{% macro end_date_grade(column) -%}
    case
        when {{ clean_text(column) }} is null then 'open'
        when {{ clean_text(column) }} in ('长期', '长期有效', '永久', '9999-12-31', '99991231') then 'open'
        when {{ written_date(clean_text(column)) }} = date '9999-12-31' then 'open'
        when {{ written_date(clean_text(column)) }} is not null then 'given'
        else 'unreadable'
    end
{%- endmacro %}

{# The last valid day; null for no end, and for one that cannot be read (see end_date_grade). #}
{% macro open_ended_date(column) -%}
    nullif({{ written_date(clean_text(column)) }}, date '9999-12-31')
{%- endmacro %}
