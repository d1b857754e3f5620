{# Every value is a code of that set in lib_shared__code_value; null passes. #}
{% test is_a_code(model, column_name, code_set) %}
    select
        value.{{ column_name }},
        count(*) as row_count
    from {{ model }} as value
    left join {{ ref('lib_shared__code_value') }} as code_value
        on
            value.{{ column_name }} = code_value.code
            and code_value.code_set = '{{ code_set }}'
    where value.{{ column_name }} is not null and code_value.code is null
    group by value.{{ column_name }}
{% endtest %}
