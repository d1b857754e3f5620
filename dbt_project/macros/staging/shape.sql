{# One table of every member of a shape, one below the other: `system_code` and `department_code` say
   whose row it is, then come the table's own columns. The order of columns is the registry's and so
   the same for all members. #}
{% macro from_shape(shape, table) %}
    {%- for system_code, department_code in shape_members(shape) %}
    select
        '{{ system_code }}' as system_code,
        '{{ department_code }}' as department_code,
        {{ system_code }}__{{ table }}.*
    from {{ source(system_code, table) }} as {{ system_code }}__{{ table }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{% endmacro %}
