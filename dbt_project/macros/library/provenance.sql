{# The provenance columns of golden attributes, decoded from the bits of their ranks: source, the
   source's own time, the precedence rule that let it win, and whether sources disagree. #}
{% macro provenance_columns(library_code, attributes) %}
    {%- for attribute in attributes %}
        {%- set stem = attribute_stem(attribute) %}
        {{ stem }}_source.system_code || '.' || {{ stem }}_source.table_code as {{ stem }}_source_code,
        {{ second_timestamp('nullif(' ~ rank_second('golden.' ~ attribute ~ '_rank') ~ ', 0)') }}
            as {{ stem }}_source_at,
        '{{ library_code }}.{{ attribute }}.'
        || cast({{ rank_priority('golden.' ~ attribute ~ '_rank') }} as varchar) as {{ stem }}_rule_code,
        golden.{{ attribute }}_is_conflicted as {{ stem }}_is_conflicted{{ ',' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{% macro provenance_joins(attributes) %}
    {%- for attribute in attributes %}
        {%- set stem = attribute_stem(attribute) %}
    left join source as {{ stem }}_source
        on {{ rank_source_no('golden.' ~ attribute ~ '_rank') }} = {{ stem }}_source.source_no
    {%- endfor %}
{% endmacro %}
