{# The number keeps to the bits a golden-record rank has for it (macros/library/golden_record). #}
{% test fits_the_rank(model, column, least, most) %}
    select {{ column }}
    from {{ model }}
    where {{ column }} is null or {{ column }} not between {{ least }} and {{ most }}
{% endtest %}
