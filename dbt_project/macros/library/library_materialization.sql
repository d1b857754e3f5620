{#
    The `library` materialization: one table, built from one keyed input.

    A library model names its input with `library_input(<model>, key=<column>)`. The input must carry
    `_row_hash`, an integer that changes whenever anything the model reads from that row changes.

    * absent, `--full-refresh`, or the model's own SQL has changed: built bucket by bucket into a new
      table that then takes the old one's place; `library_bucket_rows` bounds the memory of a bucket;
    * otherwise: the keys whose input changed (their sum of `_row_hash` differs, they appeared, they
      went) are deleted and inserted again, in one transaction. Nothing changed, nothing written.

    Because the affected keys follow from the state of input and table, and not from a log, any
    sequence of partial, failed and repeated builds ends equal to a full build.
#}
{% macro library_input(model_name, key) -%}
    {{ return(adapter.dispatch('library_input', 'citybase')(model_name, key)) }}
{%- endmacro %}

{% macro duckdb__library_input(model_name, key) -%}
    __library_input__({{ ref(model_name) }}, {{ key }})
{%- endmacro %}

{% macro default__library_input(model_name, key) -%}
    {{ ref(model_name) }}
{%- endmacro %}

{# The input a compiled model names: {marker, relation, key}. #}
{% macro parse_library_input(sql) %}
    {% set found = modules.re.findall('__library_input__\\(([^,]+), ([a-z_]+)\\)', sql) %}
    {% if found | unique | list | length != 1 %}
        {{ exceptions.raise_compiler_error(
            model.name ~ ' reads ' ~ found | length ~ ' inputs. A library model reads exactly one: '
            ~ 'write `from {{ library_input(<model>, key=<column>) }}` once.'
        ) }}
    {% endif %}
    {{ return({
        'marker': '__library_input__(' ~ found[0][0] ~ ', ' ~ found[0][1] ~ ')',
        'relation': found[0][0],
        'key': found[0][1],
    }) }}
{% endmacro %}

{# The model's SQL over a part of its input, with the hash of each key's input beside it. #}
{% macro library_select(sql, input, condition, hash_relation) %}
    select model.*, input_hash._input_hash
    from (
        {{ sql | replace(
            input.marker,
            '(select * from ' ~ input.relation ~ ' as input where ' ~ condition ~ ')'
        ) }}
    ) as model
    inner join {{ hash_relation }} as input_hash
        on model.{{ input.key }} = input_hash.{{ input.key }}
{% endmacro %}

{# Made before any model runs: two of them may be the first at once. The cut says of what day each
   library is; publishing compares. #}
{% macro create_library_definition() %}
    create table if not exists meta.library_definition (
        model_name varchar,
        definition_hash varchar,
        built_at timestamp,
        cut_id bigint,
        as_of_date date
    )
{% endmacro %}

{# True when only the changed keys have to be built again. `is_incremental()` knows only its own
   materialization. #}
{% macro is_delta_run(existing, definition_hash) %}
    {% if existing is none or not existing.is_table or should_full_refresh() %}
        {{ return(false) }}
    {% endif %}
    {% set known = run_query(
        "select definition_hash from meta.library_definition where model_name = '" ~ model.name ~ "'"
    ) %}
    {{ return(known.rows | length == 1 and known.rows[0][0] == definition_hash) }}
{% endmacro %}

{% materialization library, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set staged = make_intermediate_relation(target_relation) -%}
    {%- set input = parse_library_input(sql) -%}
    {%- set definition_hash = definition_hash_of(sql) -%}
    {%- set hash_relation = 'library_input_hash__' ~ model.name -%}
    {%- set affected_relation = 'library_affected__' ~ model.name -%}

    {%- set delta = is_delta_run(existing, definition_hash) -%}
    {{ drop_relation_if_exists(load_cached_relation(staged)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% do run_query(
        'create or replace temp table ' ~ hash_relation ~ ' as '
        ~ 'select ' ~ input.key ~ ', '
        ~ 'cast(sum(cast(_row_hash as hugeint)) % 9223372036854775807 as bigint) as _input_hash '
        ~ 'from ' ~ input.relation ~ ' where ' ~ input.key ~ ' is not null group by ' ~ input.key
    ) %}

    {% if delta %}
        {% do run_query(
            'create or replace temp table ' ~ affected_relation ~ ' as '
            ~ 'select coalesce(now.' ~ input.key ~ ', built.' ~ input.key ~ ') as ' ~ input.key
            ~ ' from ' ~ hash_relation ~ ' as now full outer join '
            ~ '(select distinct ' ~ input.key ~ ', _input_hash from ' ~ this ~ ') as built '
            ~ 'on now.' ~ input.key ~ ' = built.' ~ input.key
            ~ ' where now._input_hash is distinct from built._input_hash'
        ) %}
        {% set condition =
            input.key ~ ' in (select ' ~ input.key ~ ' from ' ~ affected_relation ~ ')'
        %}
        {# `run_query` would commit the delete by itself: a statement begins the transaction. #}
        {% call statement('delete_affected') -%}
            delete from {{ this }} where {{ condition }}
        {%- endcall %}
        {% call statement('main') -%}
            insert into {{ this }} by name
            {{ library_select(sql, input, condition, hash_relation) }}
        {%- endcall %}
    {% else %}
        {% set rows = run_query('select count(*) from ' ~ input.relation).rows[0][0] %}
        {% set buckets = [1, (rows / var('library_bucket_rows')) | round(0, 'ceil') | int] | max %}
        {% call statement('main') -%}
            create table {{ staged }} as
            {{ library_select(sql, input, input.key ~ ' % ' ~ buckets ~ ' = 0', hash_relation) }}
        {%- endcall %}
        {% for bucket in range(1, buckets) %}
            {% do run_query(
                'insert into ' ~ staged ~ ' by name ' ~ library_select(
                    sql, input, input.key ~ ' % ' ~ buckets ~ ' = ' ~ bucket, hash_relation
                )
            ) %}
        {% endfor %}
        {% if existing is not none %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% do adapter.rename_relation(staged, target_relation) %}
    {% endif %}

    {% call statement('forget_definition') -%}
        delete from meta.library_definition where model_name = '{{ model.name }}'
    {%- endcall %}
    {% call statement('remember_definition') -%}
        insert into meta.library_definition by name
        select
            '{{ model.name }}' as model_name,
            '{{ definition_hash }}' as definition_hash,
            cast(now() as timestamp) as built_at,
            cut_id,
            as_of_date
        from meta.cut
    {%- endcall %}

    {% do run_query('drop table if exists ' ~ hash_relation) %}
    {% do run_query('drop table if exists ' ~ affected_relation) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
