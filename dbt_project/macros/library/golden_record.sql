{#
    Survivorship: which source's value stands for an attribute.

    Every record carries one BIGINT rank per attribute; the greatest wins. Its bits, high to low, are
    the provenance: 6 priority (63 - n, so that priority 1 is the best), 34 seconds since 1970 of the
    source's own time, 10 source number (seed library_source), 13 a mixer of the source key. Together
    they are a total order, and plain integer arithmetic, so that another engine gives the same.
    Priorities are rows of the seed attribute_precedence: data, not SQL.
#}
{% macro population_attributes() %}
    {{ return([
        'resident_number', 'name', 'sex_code', 'birth_date', 'ethnicity_code', 'division_code',
        'address', 'phone', 'education_code', 'marital_status_code', 'is_dead', 'death_date',
    ]) }}
{% endmacro %}

{% macro legal_entity_attributes() %}
    {{ return([
        'uscc', 'registration_number', 'name', 'category_code', 'organisation_type_code', 'status_code',
        'established_date', 'ended_date', 'valid_to', 'industry_code', 'division_code', 'address',
        'phone', 'registered_capital_cny', 'representative_name', 'representative_number',
    ]) }}
{% endmacro %}

{# Attributes that mean the same in every register: kinds of organisations do not, each register has
   its own. #}
{% macro comparable_legal_entity_attributes() %}
    {{ return(legal_entity_attributes() | reject('equalto', 'organisation_type_code') | list) }}
{% endmacro %}

{# `name` -> `name`, `sex_code` -> `sex`: the stem of an attribute's provenance columns. #}
{% macro attribute_stem(attribute) %}
    {{ return(modules.re.sub('_(code|date|cny)$', '', attribute)) }}
{% endmacro %}

{# Grain: one row per source table of the library, one priority column per attribute. #}
{% macro source_precedence(library_code, attributes) %}
    select
        source.source_no,
        source.system_code,
        source.table_code
        {%- for attribute in attributes %},
        max(precedence.priority) filter (
            where precedence.attribute_code = '{{ attribute }}'
        ) as {{ attribute }}_priority
        {%- endfor %}
    from {{ ref('library_source') }} as source
    left join {{ ref('attribute_precedence') }} as precedence
        on
            source.library_code = precedence.library_code
            and source.system_code = precedence.system_code
            and source.table_code = precedence.table_code
    where source.library_code = '{{ library_code }}'
    group by source.source_no, source.system_code, source.table_code
{% endmacro %}

{# The 57 lower bits of a rank: seconds, source number, mixer. A time after the day of the cut (a
   clock or a clerk gone wrong) is no time: as second 0 it loses against every real one. #}
{% macro rank_base(source_at, as_of_date, source_no, source_key) -%}
    case
        when cast({{ source_at }} as date) > {{ as_of_date }} then 0
        else least(greatest(coalesce({{ epoch_second(source_at) }}, 0), 0), 17179869183) * 8388608
    end
    + {{ source_no }} * 8192
    + {{ mixer_13(source_key) }}
{%- endmacro %}

{# The rank of one attribute's value in one record; null when there is no value or no precedence. #}
{% macro attribute_rank(value, priority, base) -%}
    case
        when {{ value }} is not null and {{ priority }} is not null
            then (63 - {{ priority }}) * 144115188075855872 + {{ base }}
    end
{%- endmacro %}

{# The priority of every attribute, from a relation of `source_precedence`. #}
{% macro priority_columns(relation, attributes) -%}
    {%- for attribute in attributes -%}
        {{ relation }}.{{ attribute }}_priority{{ ',
        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Every attribute with its rank; a record that has no say keeps its values and ranks none. #}
{% macro ranked_attributes(attributes) -%}
    {%- for attribute in attributes -%}
        {{ attribute }},
        case
            when has_a_say then {{ attribute_rank(attribute, attribute ~ '_priority', 'rank_base') }}
        end as {{ attribute }}_rank{{ ',
        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The aggregate of every attribute: the winning value, its rank, and whether sources with a say
   disagree. #}
{% macro golden_attributes(attributes) -%}
    {%- for attribute in attributes -%}
        {%- set has_rank = 'filter (where ' ~ attribute ~ '_rank is not null)' -%}
        max_by({{ attribute }}, {{ attribute }}_rank) {{ has_rank }} as {{ attribute }},
        max({{ attribute }}_rank) as {{ attribute }}_rank,
        coalesce(
            min({{ value_hash(attribute) }}) {{ has_rank }}
            <> max({{ value_hash(attribute) }}) {{ has_rank }},
            false
        ) as {{ attribute }}_is_conflicted{{ ',
        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Whether sources disagree on any attribute. #}
{% macro has_conflict(attributes) -%}
    ({{ attributes | join('_is_conflicted or ') }}_is_conflicted)
{%- endmacro %}

{# The parts of a rank. #}
{% macro rank_priority(rank) -%}
    (63 - {{ whole_quotient(rank, 144115188075855872) }})
{%- endmacro %}

{% macro rank_second(rank) -%}
    ({{ whole_quotient(rank, 8388608) }} % 17179869184)
{%- endmacro %}

{% macro rank_source_no(rank) -%}
    ({{ whole_quotient(rank, 8192) }} % 1024)
{%- endmacro %}
