{#
    The `register` materialization: an append-only identity register.

    The model yields the anchors in force now, one row each. A key is minted once per anchor and never
    changes: known anchors keep theirs, new ones get the next integers in random order: any order that
    follows from the number (a hash of it too) would let who sees many keys guess numbers. The register itself is one of citybase's own sources in
    landing (`identity_register`): a new warehouse begins with what landing holds, and what a build
    minted is landed before anything is published.

    config: `register_table`, the table of `raw.identity_register__<register_table>`.
#}
{% materialization register, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set landed = 'raw.identity_register__' ~ config.require('register_table') -%}
    {%- set existing = load_cached_relation(this) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing is none %}
        {% do run_query(
            'create table ' ~ target_relation ~ ' (key bigint, anchor varchar, operation varchar, '
            ~ 'successor_key bigint, recorded_cut bigint)'
        ) %}
    {% endif %}

    {% set contradiction = run_query(
        'select count(*) from ' ~ landed ~ ' as landed inner join ' ~ target_relation ~ ' as known '
        ~ 'on landed.key = known.key and landed.operation = known.operation '
        ~ 'where landed.anchor <> known.anchor'
    ).rows[0][0] %}
    {% if contradiction > 0 %}
        {{ exceptions.raise_compiler_error(
            target_relation ~ ' gives ' ~ contradiction ~ ' keys to other anchors than landing does. '
            ~ 'Landing is right: remove the warehouse file and build again.'
        ) }}
    {% endif %}

    {% do run_query(
        'insert into ' ~ target_relation ~ ' select landed.key, landed.anchor, landed.operation, '
        ~ 'landed.successor_key, landed.recorded_cut from ' ~ landed ~ ' as landed '
        ~ 'left join ' ~ target_relation ~ ' as known '
        ~ 'on landed.key = known.key and landed.operation = known.operation where known.key is null'
    ) %}
    {% call statement('main') -%}
        insert into {{ target_relation }}
        select
            (select coalesce(max(key), 0) from {{ target_relation }})
                + row_number() over (order by random()),
            anchors.anchor,
            'mint',
            null,
            (select cut_id from meta.cut)
        from ({{ sql }}) as anchors
        left join {{ target_relation }} as known
            on anchors.anchor = known.anchor and known.operation = 'mint'
        where known.anchor is null
    {%- endcall %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
