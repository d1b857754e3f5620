{#
    Organisation codes, GB 11714-1997, the hyphen dropped by normalise_number.
    The twin of citybase/identifiers/organisation.py.
#}

{#
    instr gives a value plus one, and nothing for a character outside the alphabet. The weights
    times those ones, 49, are taken off in the remainder: 49 % 11 = 5.
#}
{% macro organisation_code_check_holds(number, start=1) -%}
    {%- set check = "instr('0123456789X', substr(" ~ number ~ ', ' ~ (start + 8) ~ ', 1))' -%}
    (
        (
            {{ check }}
            {%- for weight in [3, 7, 9, 10, 5, 8, 4, 2] %}
            + {{ weight }} * instr(
                '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                substr({{ number }}, {{ start + loop.index0 }}, 1)
            )
            {%- endfor %}
        ) % 11 = 5
        and {{ check }} > 0
    )
{%- endmacro %}

{% macro organisation_code_grade(number) -%}
    case
        when {{ number }} is null then null
        when length({{ number }}) <> 9 then 'length'
        when not {{ matches_whole(number, '[0-9A-Z]{8}[0-9X]') }} then 'charset'
        when not {{ organisation_code_check_holds(number) }} then 'checksum'
        else 'ok'
    end
{%- endmacro %}

{% macro organisation_code_is_valid(number) -%}
    coalesce({{ organisation_code_grade(number) }} = 'ok', false)
{%- endmacro %}
