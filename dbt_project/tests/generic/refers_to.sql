{# Every value exists in `column` of `to`; null passes. Unlike dbt's own `relationships` the failing
   rows carry the key of the model, so that its sample keys can be shown. #}
{% test refers_to(model, column_name, to, column, key) %}
    select child.{{ key }}, child.{{ column_name }}
    from {{ model }} as child
    left join (select distinct {{ column }} as parent_value from {{ to }}) as parent
        on child.{{ column_name }} = parent.parent_value
    where child.{{ column_name }} is not null and parent.parent_value is null
{% endtest %}
