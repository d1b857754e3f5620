{# In every group of rows that share these columns the flag is true exactly once. A failing row is a
   group, so that its sample keys can be shown. #}
{% test one_flagged_per(model, columns, flag) %}
    select
        {{ columns | join(', ') }},
        count(*) filter (where {{ flag }}) as flagged_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) filter (where {{ flag }}) <> 1
{% endtest %}
