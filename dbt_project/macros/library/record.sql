{# One arm of the union of all departments' records: the attributes a source does not speak of are
   null, so that every arm has the same columns. #}
{% macro _record(cte, system_code, table_code, keyed, types, attributes) %}
    select
        '{{ system_code }}' as system_code,
        '{{ table_code }}' as table_code,
        source_key,
        {%- for column in keyed %}
        {{ column }},
        {%- endfor %}
        {%- for attribute, type in types.items() %}
        cast({{ attribute if attribute in attributes else 'null' }} as {{ type }}) as {{ attribute }},
        {%- endfor %}
        source_at
    from {{ cte }}
{% endmacro %}

{# `relation` is a staging model of persons. What identifies a person is in every arm; of the other columns
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

{% macro organisation_record(cte, system_code, table_code, attributes) %}
    {% set types = {} %}
    {% for attribute in legal_entity_attributes() %}
        {% do types.update({
            attribute: 'date' if attribute.endswith('_date') or attribute == 'valid_to'
            else 'decimal(24, 2)' if attribute == 'registered_capital_cny'
            else 'varchar'
        }) %}
    {% endfor %}
    {{ _record(
        cte, system_code, table_code,
        ['organisation_code', 'identity_grade_code', 'identity_anchor'],
        types, attributes
    ) }}
{% endmacro %}

{# The columns of a record of a person whose identity is settled. #}
{% macro person_record_columns() -%}
    {{ ([
        'system_code', 'table_code', 'source_key', 'role_code', 'identity_number',
        'identity_kind_code', 'identity_grade_code', 'identity_anchor', 'register_anchor',
        'household_no', 'household_relation_code',
    ] + population_attributes() + ['source_at', 'verdict_code', 'basis_code', 'identity']) | join(', ') }}
{%- endmacro %}
