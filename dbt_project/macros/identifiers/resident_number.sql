{#
    Resident numbers, GB 11643-1999 and -1989. The twin of citybase/identifiers/resident.py.

    `number` is always text from normalise_number, `n17` a column holding
    resident_number_n17(number): compute each in its own CTE, so that it is computed once.
    See docs/identifiers.md for grades and an example.
#}

{% macro resident_number_n17(number) -%}
    case
        when {{ matches_whole(number, '[0-9]{17}[0-9X]') }}
            then cast(substr({{ number }}, 1, 17) as bigint)
        when {{ matches_whole(number, '[0-9]{15}') }}
            then cast(substr({{ number }}, 1, 6) || '19' || substr({{ number }}, 7, 9) as bigint)
    end
{%- endmacro %}

{#
    The weights are powers of two modulo 11: the digits read in base 2 give the sum without a table.
#}
{% macro resident_number_remainder(n17) -%}
    ((2 * ({{ n17 }}
    {%- for k in range(1, 17) %}
        - {{ 8 * 2 ** (k - 1) }} * {{ whole_quotient(n17, 10 ** k) }}
    {%- endfor %})) % 11)
{%- endmacro %}

{% macro resident_number_check_character(n17) -%}
    substr('10X98765432', cast({{ resident_number_remainder(n17) }} as int) + 1, 1)
{%- endmacro %}

{% macro resident_number_18(number, n17) -%}
    case
        when {{ n17 }} is null then null
        when length({{ number }}) = 18 then {{ number }}
        else
            lpad(cast({{ n17 }} as varchar(17)), 17, '0')
            || {{ resident_number_check_character(n17) }}
    end
{%- endmacro %}

{% macro resident_number_has_possible_date(n17) -%}
    {%- set year = '(' ~ whole_quotient(n17, 10 ** 7) ~ ' % 10000)' -%}
    {%- set month = '(' ~ whole_quotient(n17, 10 ** 5) ~ ' % 100)' -%}
    {%- set day = '(' ~ whole_quotient(n17, 10 ** 3) ~ ' % 100)' -%}
    (
        {{ year }} >= 1800
        and {{ month }} between 1 and 12
        and {{ day }} >= 1
        and {{ day }} <= case
            when {{ month }} in (4, 6, 9, 11) then 30
            when {{ month }} <> 2 then 31
            when {{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0) then 29
            else 28
        end
    )
{%- endmacro %}

{% macro resident_number_birth_date(n17) -%}
    case
        when {{ resident_number_has_possible_date(n17) }}
            then make_date(
                cast({{ whole_quotient(n17, 10 ** 7) }} % 10000 as int),
                cast({{ whole_quotient(n17, 10 ** 5) }} % 100 as int),
                cast({{ whole_quotient(n17, 10 ** 3) }} % 100 as int)
            )
    end
{%- endmacro %}

{% macro resident_number_sex_code(n17) -%}
    case when {{ n17 }} % 2 = 1 then '1' when {{ n17 }} % 2 = 0 then '2' end
{%- endmacro %}

{% macro resident_number_area(n17) -%}
    cast({{ whole_quotient(n17, 10 ** 11) }} as int)
{%- endmacro %}

{% macro resident_number_is_permanent_resident(number, n17) -%}
    (length({{ number }}) = 18 and {{ n17 }} >= 90000000000000000)
{%- endmacro %}

{% macro resident_number_is_century_ambiguous(number) -%}
    {{ matches_whole(number, '[0-9]{12}99[6-9]') }}
{%- endmacro %}

{% macro resident_number_grade(number, n17, as_of, is_area_in_force=none) -%}
    {%- set today -%}
        (year({{ as_of }}) * 10000 + month({{ as_of }}) * 100 + day({{ as_of }}))
    {%- endset -%}
    case
        when {{ number }} is null then null
        when length({{ number }}) not in (15, 18) then 'length'
        when {{ n17 }} is null then 'charset'
        when not {{ resident_number_has_possible_date(n17) }} then 'date_impossible'
        when {{ whole_quotient(n17, 1000) }} % 100000000 > {{ today }} then 'date_future'
        when
            length({{ number }}) = 18
            and substr({{ number }}, 18, 1) <> {{ resident_number_check_character(n17) }}
            then 'checksum'
        {%- if is_area_in_force is not none %}
        when {{ resident_number_is_permanent_resident(number, n17) }} then 'ok'
        when {{ is_area_in_force }} is null then 'area_unknown'
        when not {{ is_area_in_force }} then 'area_historic'
        {%- endif %}
        else 'ok'
    end
{%- endmacro %}

{#
    One row per code: area_code (int, as resident_number_area) and is_in_force on the day.
    Join it left, then hand its flag to a grade.
#}
{% macro divisions_in_force(divisions, as_of, holder='resident') -%}
    select
        cast(division_code as int) as area_code,
        max(
            case
                when
                    (valid_from is null or valid_from <= {{ as_of }})
                    and (valid_to is null or valid_to > {{ as_of }})
                    then 1
                else 0
            end
        ) = 1 as is_in_force
    from {{ divisions }}
    {%- if holder == 'resident' %}
    where level <> 'national'
    {%- endif %}
    group by cast(division_code as int)
{%- endmacro %}
