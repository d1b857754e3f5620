{# The name of an organisation in comparable form, so that the ways one name is written compare equal:
   half and full width, brackets and blanks, 有限公司 and 有限责任公司, the city with and without 市, the
   province before it or not. Two organisations may share it: it never identifies by itself. #}
{% macro organisation_name_key(name) -%}
    {%- set province = var('city_address_prefix')[0] -%}
    {%- set city = var('city_address_prefix')[1] -%}
    regexp_replace(
        replace(
            replace({{ normalise_number(name) }}, '有限责任公司', '有限公司'),
            '{{ city }}',
            '{{ city[:-1] }}'
        ),
        '^{{ province[:-1] }}{{ province[-1] }}?',
        ''
    )
{%- endmacro %}
