{# Every writing of a code in the source table is one the crosswalk knows: an unknown one would
   become null in silence. A failing row is a writing with its count. The table is `source_table`,
   or `shape_table` of all members of `shape`, each in its own dialect. #}
{% test writes_known_codes(
    model, column, code_set, source_table=none, shape=none, shape_table=none
) %}
    with source as (
        {%- if shape is none %}
        select * from {{ source_table }}
        {%- else %}
        {{ from_shape(shape, shape_table) }}
        {%- endif %}
    )

    select
        written.{{ column }} as written_value,
        {%- if shape is not none %}
        written.system_code,
        {%- endif %}
        count(*) as row_count
    from source as written
    {{- join_crosswalk(
        'crosswalk', code_set, 'written.' ~ column,
        system='written.system_code' if shape is not none else none
    ) }}
    where
        {{ clean_text('written.' ~ column) }} is not null
        and crosswalk.standard_code is null
    group by written.{{ column }}{{ ', written.system_code' if shape is not none }}
{% endtest %}
