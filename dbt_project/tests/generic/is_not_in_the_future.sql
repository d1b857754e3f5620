{# No instant lies after the day of the cut. #}
{% test is_not_in_the_future(model, column, key) %}
    select {{ key }}, {{ column }}
    from {{ model }}
    where cast({{ column }} as date) > (select as_of_date from {{ source('meta', 'cut') }})
{% endtest %}
