{# Every writing of a code in the source table is one the crosswalk knows: an unknown one would
   become null in silence. A failing row is a writing with its count. #}
{% test writes_known_codes(model, source_table, column, code_set) %}
    select
        written.{{ column }} as written_value,
        count(*) as row_count
    from {{ source_table }} as written
    left join {{ ref('code_crosswalk') }} as crosswalk
        on
            crosswalk.code_set = '{{ code_set }}'
            and crosswalk.source_value = {{ clean_text('written.' ~ column) }}
    where
        {{ clean_text('written.' ~ column) }} is not null
        and crosswalk.standard_code is null
    group by written.{{ column }}
{% endtest %}
