{# No pair of relatives is one person. #}
{% test nobody_is_his_own_relative(model) %}
    select person_key, relative_person_key, source_key
    from {{ model }}
    where person_key = relative_person_key
{% endtest %}
