{# Every writing of a code in the source table is one the crosswalk knows: an unknown one would
   become null in silence. A failing row is a writing with its count. `codes` gives the code set of
   each column. The table is `source_table`, written in the dialect of `system` when it has one, or
   `shape_table` of all members of `shape`, each in its own dialect. #}
{% test writes_known_codes(
    model, codes, source_table=none, system=none, shape=none, shape_table=none
) %}
    with source as (
        {% if shape is none %}
        select * from {{ source_table }}
        {% else %}
        {{ from_shape(shape, shape_table) }}
        {% endif %}
    )

    select
        cast(null as varchar) as column_name,
        cast(null as varchar) as written_value,
        cast(null as varchar) as dialect_code,
        cast(null as bigint) as row_count
    where false
    {% for column, code_set in codes.items() %}
    union all
    select
        '{{ column }}' as column_name,
        written.{{ column }} as written_value,
        {{ _dialect(system, shape) or "'*'" }} as dialect_code,
        count(*) as row_count
    from source as written
    {{- join_crosswalk('crosswalk', code_set, 'written.' ~ column, system=_dialect(system, shape)) }}
    where
        {{ clean_text('written.' ~ column) }} is not null
        and crosswalk.standard_code is null
    group by written.{{ column }}{{ ', written.system_code' if shape is not none }}
    {% endfor %}
{% endtest %}
