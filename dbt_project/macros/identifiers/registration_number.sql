{# Business registration numbers, GS 15-2006. The twin of citybase/identifiers/organisation.py. #}

{# ISO 7064 MOD 11,10, step around step: each uses the one before it once, so the text is short. #}
{% macro registration_number_check_holds(number) -%}
    {%- set walk = namespace(product='10') -%}
    {%- for place in range(1, 15) -%}
        {%- set digit = 'cast(substr(' ~ number ~ ', ' ~ place ~ ', 1) as int)' -%}
        {%- set sum = walk.product ~ ' + ' ~ digit ~ ' + 9' -%}
        {%- set walk.product = '(2 * ((' ~ sum ~ ') % 10 + 1)) % 11' -%}
    {%- endfor -%}
    (({{ walk.product }} + cast(substr({{ number }}, 15, 1) as int)) % 10 = 1)
{%- endmacro %}

{% macro registration_number_grade(number) -%}
    case
        when {{ number }} is null then null
        when length({{ number }}) not in (13, 15) then 'length'
        when not {{ matches_whole(number, '[0-9]+') }} then 'charset'
        when length({{ number }}) = 13 then 'unchecked'
        when not {{ registration_number_check_holds(number) }} then 'checksum'
        else 'ok'
    end
{%- endmacro %}

{% macro registration_number_is_valid(number) -%}
    coalesce({{ registration_number_grade(number) }} in ('ok', 'unchecked'), false)
{%- endmacro %}
