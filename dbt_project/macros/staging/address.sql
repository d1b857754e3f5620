{# An address as departments write it: with the province and the city before the county or without,
   under the county's name of today or an old one. `standard_address` writes all alike, from the
   province down, with the county's name in force; what does not begin with a county of the city stays
   as it is written. `<alias>.division_code` is the county the address names. #}
{% macro join_address(alias, value) %}
    left join (
        select
            former.division_name as written,
            max(current_division.division_code) as division_code,
            max(current_division.division_name) as division_name
        from {{ ref('code_division_national') }} as former
        inner join {{ ref('code_division_national') }} as current_division
            on former.division_code = current_division.division_code
        where
            former.division_code like '{{ var("city_division_prefix") }}%'
            and former.level = 'county'
            and current_division.valid_to is null
        group by former.division_name
    ) as {{ alias }}
        on {{ alias }}.written = {{ _address_county(value) }}
{% endmacro %}

{% macro standard_address(alias, value) -%}
    case
        when {{ alias }}.written is not null
            then
                '{{ var("city_address_prefix") | join }}' || {{ alias }}.division_name
                || substr({{ _address_below_city(value) }}, length({{ alias }}.written) + 1)
        else {{ clean_text(value) }}
    end
{%- endmacro %}

{% macro _address_county(value) -%}
    regexp_extract({{ _address_below_city(value) }}, '^[^区县]{1,5}[区县]', 0)
{%- endmacro %}

{% macro _address_below_city(value) -%}
    regexp_replace(
        {{ clean_text(value) }},
        '^{% for name in var("city_address_prefix") %}({{ name }})?{% endfor %}',
        ''
    )
{%- endmacro %}
