{#
    Permits that cross a border or let a foreigner stay, by shape.
    The twin of citybase/identifiers/permit.py.
#}

{% macro permit_document(number) -%}
    case
        when {{ matches_whole(number, '[HM]([0-9]{8}|[0-9]{10})') }} then 'home_return'
        when {{ matches_whole(number, '[0-9]{8}|[0-9]{10}[A-Z]') }} then 'taiwan_compatriot'
        when {{ matches_whole(number, '9[0-9]{16}[0-9X]') }} then 'permanent_resident'
        when {{ matches_whole(number, '[A-Z]{3}[0-9]{12}') }} then 'permanent_resident_old'
        when {{ matches_whole(number, '(HKG|MAC|TWN)0[0-9]{8}') }} then 'social_security'
    end
{%- endmacro %}

{# A home-return permit counts its renewals in the last two digits; nine stay with the person. #}
{% macro permit_person_number(number) -%}
    case
        when {{ matches_whole(number, '[HM]([0-9]{8}|[0-9]{10})') }} then substr({{ number }}, 1, 9)
        when {{ permit_document(number) }} is not null then {{ number }}
    end
{%- endmacro %}
