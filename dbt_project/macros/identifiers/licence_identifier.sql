{# E-licence identifiers, GB/T 36904-2018. The twin of citybase/identifiers/licence.py. #}

{% macro licence_identifier_type_code(number) -%}
    split_part({{ number }}, '.', 6)
{%- endmacro %}

{% macro licence_identifier_issuer_code(number) -%}
    split_part({{ number }}, '.', 7)
{%- endmacro %}

{% macro licence_identifier_serial(number) -%}
    split_part({{ number }}, '.', 8)
{%- endmacro %}

{% macro licence_identifier_version(number) -%}
    split_part({{ number }}, '.', 9)
{%- endmacro %}

{% macro licence_identifier_check(number) -%}
    split_part({{ number }}, '.', 10)
{%- endmacro %}

{# ISO 7064 MOD 37,36 over a text of any length is a fold; each engine has its own words for one. #}
{% macro licence_identifier_check_character(body) -%}
    {{ adapter.dispatch('licence_identifier_check_character', 'citybase')(body) }}
{%- endmacro %}

{% macro default__licence_identifier_check_character(body) -%}
    substr(
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        1 + cast((37 - list_reduce(
            list_prepend(
                36,
                list_transform(
                    string_split({{ body }}, ''),
                    lambda c: cast(instr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', c) as int)
                )
            ),
            lambda p, v: 2 * ((p + v - 2) % 36 + 1) % 37
        )) % 36 as int),
        1
    )
{%- endmacro %}

{% macro spark__licence_identifier_check_character(body) -%}
    substr(
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ',
        1 + (37 - aggregate(
            split({{ body }}, ''),
            36,
            (p, c) -> (
                2 * ((p + instr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', c) - 2) % 36 + 1) % 37
            )
        )) % 36,
        1
    )
{%- endmacro %}

{% macro licence_identifier_grade(number) -%}
    {%- set root = '1[.]2[.]156[.]3005[.]2' -%}
    case
        when {{ number }} is null then null
        when not {{ matches_whole(number, root ~ '([.][^.]+){5}') }} then 'structure'
        when not {{ matches_whole(number, root ~ '([.][0-9A-Z]+){5}') }} then 'charset'
        when
            length({{ licence_identifier_type_code(number) }}) <> 21
            or length({{ licence_identifier_issuer_code(number) }}) not in (18, 6)
            or length({{ licence_identifier_check(number) }}) <> 1
            then 'length'
        when
            not {{ matches_whole(licence_identifier_version(number), '[0-9]{3}') }}
            or {{ licence_identifier_version(number) }} = '000'
            then 'version'
        when
            {{ licence_identifier_check(number) }} <> {{ licence_identifier_check_character(
                "replace(substr(" ~ number ~ ", 16, length(" ~ number ~ ") - 17), '.', '')"
            ) }}
            then 'checksum'
        when length({{ licence_identifier_issuer_code(number) }}) = 6 then 'issuer_is_division'
        else 'ok'
    end
{%- endmacro %}
