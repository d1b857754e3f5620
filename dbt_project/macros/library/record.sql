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

{% macro person_record(cte, system_code, table_code, attributes) %}
    {% set types = {} %}
    {% for attribute in population_attributes() %}
        {% do types.update({
            attribute: 'date' if attribute.endswith('_date')
            else 'boolean' if attribute.startswith('is_')
            else 'varchar'
        }) %}
    {% endfor %}
    {{ _record(
        cte, system_code, table_code,
        ['role_code', 'identity_number', 'identity_kind_code', 'identity_grade_code', 'identity_anchor'],
        types, attributes
    ) }}
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
