{#
    The `apply_changes` materialization of staging: a table kept up by the changes of what it reads.

    The model is a plain select over `source(...)`, row by row: what it says of one row of the source
    depends on that row, the seeds and the day alone, and names it by `system_code` and `source_key`,
    the source's key. Then the rows of a changed key can be deleted and selected again from that key's
    row as it is now (`raw_delta.*`, one row per key, `_op = 'd'` for one that is gone).

    * absent, `--full-refresh`, or made by another definition (its SQL, its seeds, and the day where it
      reads `meta.cut`): built whole into a new table that takes the old one's place;
    * otherwise, of each table it reads: nothing new, nothing done; only logs since the batch it has
      applied: their keys; a new base, or another promise in the registry: all of that table's rows.

    `meta.applied_cut` says up to which batch a model has applied each table. It is written in the
    transaction of the rows, so that partial builds, failed builds and builds by hand neither skip nor
    repeat a change, and `bind` reads there how far back `raw_delta.*` must reach.

    On other engines a model of this kind is a plain table.
#}
{% materialization apply_changes, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set staged = make_intermediate_relation(target_relation) -%}
    {%- set definition_hash = staging_definition_hash(sql) -%}
    {%- set tables = staging_tables(definition_hash) -%}
    {%- set is_whole = (
        existing is none or not existing.is_table or should_full_refresh()
        or tables | selectattr('change', 'ne', 'whole') | list | length == 0
    ) -%}
    {%- set changed = tables | rejectattr('change', 'eq', 'none') | list -%}

    {{ drop_relation_if_exists(load_cached_relation(staged)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if is_whole %}
        {% call statement('main') -%}
            create table {{ staged }} as
            {{ sql }}
        {%- endcall %}
        {% if existing is not none %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% do adapter.rename_relation(staged, target_relation) %}
    {% elif changed %}
        {# `run_query` would commit the delete by itself: a statement begins the transaction. #}
        {% call statement('delete_changed') -%}
            delete from {{ this }}
            where {{ changed_source_rows(changed) }}
        {%- endcall %}
        {% call statement('main') -%}
            insert into {{ this }} by name
            {{ over_changed_rows(sql, tables) }}
        {%- endcall %}
    {% endif %}

    {% call statement('main' if not is_whole and not changed else 'forget_applied') -%}
        delete from meta.applied_cut where model_name = '{{ model.name }}'
    {%- endcall %}
    {% call statement('remember_applied') -%}
        insert into meta.applied_cut by name
        select
            '{{ model.name }}' as model_name,
            state.system_code,
            state.table_code,
            '{{ definition_hash }}' as definition_hash,
            state.content_hash,
            state.last_batch_id as batch_id,
            cut.cut_id,
            cast(now() as timestamp) as applied_at
        from meta.source_state as state
        cross join meta.cut as cut
        where {{ is_one_of(tables) }}
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# What decides over every row beside the row itself. #}
{% macro staging_definition_hash(sql) %}
    {% set parts = [definition_hash_of(sql)] %}
    {% for node in model.depends_on.nodes %}
        {% if node.startswith('model.') %}
            {{ exceptions.raise_compiler_error(
                model.name ~ ' reads ' ~ node ~ ', whose changes no table of its own tells: '
                ~ "write `{{ config(materialized='table') }}` above it."
            ) }}
        {% elif node.startswith('source.') and graph.sources[node].source_name == 'meta' %}
            {% do parts.append(
                run_query('select as_of_date from meta.cut').rows[0][0] | string
            ) %}
        {% endif %}
    {% endfor %}
    {{ return(local_md5(parts | join(' '))) }}
{% endmacro %}

{# The tables of sources that the model reads: {system, table, relation, change, since}. `change` is
   `whole`, `rows` (those of logs after the batch `since`) or `none`. #}
{% macro staging_tables(definition_hash) %}
    {% set read = [] %}
    {% for node in model.depends_on.nodes
        if node.startswith('source.') and graph.sources[node].source_name != 'meta' %}
        {% set found = graph.sources[node] %}
        {% do read.append({
            'system': found.source_name,
            'table': found.name,
            'relation': source(found.source_name, found.name) | string,
        }) %}
    {% endfor %}
    {% set states = {} %}
    {% for row in run_query(
        "select state.system_code || '.' || state.table_code, applied.batch_id, "
        ~ 'case when applied.content_hash is distinct from state.content_hash '
        ~ "or applied.definition_hash <> '" ~ definition_hash ~ "' "
        ~ "or applied.batch_id > state.last_batch_id then 'whole' "
        ~ "when applied.batch_id < state.last_batch_id then 'rows' else 'none' end "
        ~ 'from meta.source_state as state left join meta.applied_cut as applied '
        ~ 'on state.system_code = applied.system_code and state.table_code = applied.table_code '
        ~ "and applied.model_name = '" ~ model.name ~ "' where " ~ is_one_of(read)
    ).rows %}
        {% do states.update({row[0]: {'since': row[1], 'change': row[2]}}) %}
    {% endfor %}
    {% for table in read %}
        {% if table.system ~ '.' ~ table.table not in states %}
            {{ exceptions.raise_compiler_error(
                'The bound cut does not know ' ~ table.system ~ '.' ~ table.table
                ~ ': run `citybase bind`, then build again.'
            ) }}
        {% endif %}
        {% do table.update(states[table.system ~ '.' ~ table.table]) %}
    {% endfor %}
    {{ return(read) }}
{% endmacro %}

{% macro is_one_of(tables) -%}
    (state.system_code, state.table_code) in (
        {%- for table in tables %}('{{ table.system }}', '{{ table.table }}'){{ ', ' if not loop.last }}
        {%- endfor %})
{%- endmacro %}

{# True for the rows that come from changed keys. #}
{% macro changed_source_rows(changed) -%}
    {%- for table in changed %}
        {%- if table.change == 'whole' %}
    system_code = '{{ table.system }}'
        {%- else %}
    (
        system_code = '{{ table.system }}'
        and cast(source_key as varchar) in (
            select _source_key from {{ raw_delta(table) }} where _batch_id > {{ table.since }}
        )
    )
        {%- endif %}
        {{- '\n    or' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# The model's SQL over the rows that are to be selected again. #}
{% macro over_changed_rows(sql, tables) %}
    {% set found = namespace(sql=sql) %}
    {% for table in tables %}
        {% set rows %}
        {%- if table.change == 'whole' -%}
            {{ table.relation }}
        {%- elif table.change == 'rows' -%}
            (
                select * exclude (_source_key)
                from {{ raw_delta(table) }}
                where _batch_id > {{ table.since }} and _op <> 'd'
            )
        {%- else -%}
            (select * from {{ table.relation }} where false)
        {%- endif -%}
        {% endset %}
        {% set found.sql = found.sql | replace(table.relation, rows) %}
    {% endfor %}
    {{ return(found.sql) }}
{% endmacro %}

{% macro raw_delta(table) -%}
    raw_delta.{{ adapter.quote(table.system ~ '__' ~ table.table) }}
{%- endmacro %}

{# Models that are no more must not hold back how far `raw_delta.*` reaches. #}
{% macro forget_removed_models() %}
    {%- set names = ["''"] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.config.materialized == 'apply_changes' -%}
            {%- do names.append("'" ~ node.name ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    delete from meta.applied_cut where model_name not in ({{ names | join(', ') }})
{% endmacro %}
