{# One arm of the union of all departments' records. Attributes a source does not speak of are null, so
   that every arm has the same columns.

   `relation` is a staging model of persons. What identifies a person is in every arm; of the other columns
   those named in `columns`. #}
{% macro person_record(relation, columns) %}
    select
        system_code,
        table_code,
        source_key,
        role_code,
        identity_number,
        identity_kind_code,
        identity_grade_code,
        identity_anchor,
        {%- for column in ['register_anchor', 'former_name', 'household_no', 'household_relation_code'] %}
        {{ column if column in columns else 'cast(null as varchar) as ' ~ column }},
        {%- endfor %}
        {%- for attribute in population_attributes() %}
        {%- set type = 'date' if attribute.endswith('_date')
            else 'boolean' if attribute.startswith('is_') else 'varchar' %}
        {%- set value = "case when identity_anchor like 'resident:%' then identity_number end"
            if attribute == 'resident_number' else attribute %}
        cast({{ value if attribute in columns else 'null' }} as {{ type }}) as {{ attribute }},
        {%- endfor %}
        source_at
    from {{ relation }}
{% endmacro %}

{# `relation` is a staging model of organisations, `category` the expression of its category where no
   credit code tells it. The attributes a source does not speak of are null. #}
{% macro organisation_record(relation, columns, category='cast(null as varchar)') %}
    select
        system_code,
        table_code,
        source_key,
        identity_grade_code,
        identity_anchor as register_anchor,
        stated_uscc,
        stated_organisation_code,
        organisation_code,
        {{ organisation_name_key('name') }} as name_key,
        {%- for attribute in legal_entity_attributes() %}
        {%- set type = 'date' if attribute.endswith('_date') or attribute == 'valid_to'
            else 'decimal(24, 2)' if attribute == 'registered_capital_cny' else 'varchar' %}
        {%- set value = 'coalesce(substr(uscc, 1, 2), ' ~ category ~ ')'
            if attribute == 'category_code'
            else name_without_blanks('name') if attribute == 'name'
            else attribute if attribute in columns + ['uscc', 'registration_number']
            else 'null' %}
        cast({{ value }} as {{ type }}) as {{ attribute }},
        {%- endfor %}
        source_at
    from {{ relation }}
{% endmacro %}

{# The columns of a record of a person whose identity is settled. #}
{% macro person_record_columns() -%}
    {{ ([
        'system_code', 'table_code', 'source_key', 'role_code', 'identity_number',
        'identity_kind_code', 'identity_grade_code', 'identity_anchor', 'register_anchor',
        'household_no', 'household_relation_code',
    ] + population_attributes() + ['source_at', 'verdict_code', 'basis_code', 'identity']) | join(', ') }}
{%- endmacro %}
