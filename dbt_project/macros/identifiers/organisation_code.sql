{# Organisation codes, GB 11714-1997, hyphen dropped by normalise_number. The twin of citybase/identifiers/organisation.py. #}

{% macro organisation_code_check_holds(number, start=1) -%}
    {%- set check = "instr('0123456789X', substr(" ~ number ~ ', ' ~ (start + 8) ~ ', 1))' -%}
    (
        {{ check }} > 0
        and (
            {{ check }} - 1
            {%- for weight in [3, 7, 9, 10, 5, 8, 4, 2] %}
            + {{ weight }} * (
                instr(
                    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                    substr({{ number }}, {{ start + loop.index0 }}, 1)
                ) - 1
            )
            {%- endfor %}
        ) % 11 = 0
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
