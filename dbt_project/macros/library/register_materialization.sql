{#
    The `register` materialization: an append-only identity register.

    The model yields `anchor`, `cluster` and `strength`: what is known to name one subject (a number, a
    permit, a place in a department's register) has one cluster today; 1 is the strongest anchor. The
    register turns clusters, which are worked out anew in every build, into keys, which never change
    silently: whatever happens to a key is a row.

    mint    a new key for a subject of whom no anchor was known
    adopt   another anchor of a subject who has a key
    merge   two subjects turned out to be one: `key` gives way to `related_key`, the elder; its anchors
            follow it
    split   one subject turned out to be two: a new key for the one without the strongest anchor;
            `related_key` is the key both had
    move    an anchor passes to another subject's key from `related_key`

    Keys are minted in random order: any order that follows from the number (a hash of it too) would
    let who sees many keys guess numbers. The register is one of citybase's own sources in landing
    (`identity_register`): a new warehouse begins with what landing holds, and what a build added is
    landed before anything is published.

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
            'create table ' ~ target_relation ~ ' (entry_no bigint, operation varchar, key bigint, '
            ~ 'anchor varchar, related_key bigint, recorded_cut bigint)'
        ) %}
    {% endif %}

    {% set contradiction = run_query(
        'select count(*) from ' ~ landed ~ ' as landed inner join ' ~ target_relation ~ ' as known '
        ~ 'on landed.entry_no = known.entry_no where landed.key <> known.key '
        ~ 'or landed.anchor is distinct from known.anchor or landed.operation <> known.operation'
    ).rows[0][0] %}
    {% if contradiction > 0 %}
        {{ exceptions.raise_compiler_error(
            target_relation ~ ' tells ' ~ contradiction ~ ' entries otherwise than landing does. '
            ~ 'Landing is right: remove the warehouse file and build again.'
        ) }}
    {% endif %}

    {% do run_query(
        'insert into ' ~ target_relation ~ ' select landed.entry_no, landed.operation, landed.key, '
        ~ 'landed.anchor, landed.related_key, landed.recorded_cut from ' ~ landed ~ ' as landed '
        ~ 'left join ' ~ target_relation ~ ' as known on landed.entry_no = known.entry_no '
        ~ 'where known.entry_no is null'
    ) %}
    {% do run_query('drop table if exists register_subject') %}
    {% do run_query(register_subjects(sql, target_relation)) %}
    {% call statement('main') -%}
        {{ register_entries(target_relation) }}
    {%- endcall %}
    {% do run_query('drop table register_subject') %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Grain: one row per anchor in force: its cluster, the key it has had (`key_before`, null for a new
   anchor) and the key its cluster has now. A key stays with the cluster that holds its strongest,
   then its eldest anchor. #}
{% macro register_subjects(sql, register) %}
create temp table register_subject as
with pair as (
    {{ sql }}
),

known as (
    {{ current_keys(register) }}
),

placed as (
    select
        pair.anchor,
        pair.cluster,
        pair.strength,
        known.key as key_before,
        known.entry_no
    from pair
    left join known
        on pair.anchor = known.anchor
),

claimed as (
    select
        *,
        row_number() over (
            partition by key_before
            order by strength, entry_no, anchor
        ) = 1 as is_owner
    from placed
    where key_before is not null
),

minted as (
    select
        key,
        min(entry_no) as entry_no
    from {{ register }}
    where operation in ('mint', 'split')
    group by key
),

-- A cluster that owns several keys keeps the eldest.
owned as (
    select
        claimed.cluster,
        min_by(claimed.key_before, minted.entry_no) as key
    from claimed
    inner join minted
        on claimed.key_before = minted.key
    where claimed.is_owner
    group by claimed.cluster
),

fresh as (
    select
        cluster,
        (select coalesce(max(key), 0) from {{ register }})
        + row_number() over (order by random()) as key
    from (
        select distinct cluster
        from placed
        where cluster not in (select cluster from owned)
    )
)

select
    placed.anchor,
    placed.cluster,
    placed.key_before,
    coalesce(owned.key, fresh.key) as key,
    fresh.key is not null as is_new,
    row_number() over (
        partition by placed.cluster
        order by placed.key_before is null, placed.strength, placed.anchor
    ) = 1 as is_first,
    coalesce(claimed.is_owner, false) as is_owner
from placed
left join claimed
    on placed.anchor = claimed.anchor
left join owned
    on placed.cluster = owned.cluster
left join fresh
    on placed.cluster = fresh.cluster
{% endmacro %}

{# The new entries. Keys that had given way to one that now gives way itself follow it, so that one
   step leads from any key to the one in force. #}
{% macro register_entries(register) %}
insert into {{ register }}
with given_way as (
    select distinct
        key_before,
        key
    from register_subject
    where is_owner and key_before <> key
),

resolved as (
    {{ surviving_keys(register) }}
),

entry as (
    select
        'merge' as operation,
        resolved.key,
        cast(null as varchar) as anchor,
        given_way.key as related_key
    from given_way
    inner join resolved
        on given_way.key_before = resolved.surviving_key
    union all
    select
        case
            when subject.is_new and subject.is_first and subject.key_before is not null then 'split'
            when subject.is_new and subject.is_first then 'mint'
            when subject.key_before is null then 'adopt'
            else 'move'
        end as operation,
        subject.key,
        subject.anchor,
        subject.key_before as related_key
    from register_subject as subject
    left join given_way
        on subject.key_before = given_way.key_before and subject.key = given_way.key
    where subject.key_before is distinct from subject.key and given_way.key is null
)

select
    (select coalesce(max(entry_no), 0) from {{ register }})
    + row_number() over (order by key, operation = 'merge', operation not in ('mint', 'split'), anchor),
    operation,
    key,
    anchor,
    related_key,
    (select cut_id from meta.cut)
from entry
{% endmacro %}

{# Grain: one row per anchor of a register: the key in force, and the entry that named it first. #}
{% macro current_keys(register) %}
    select
        named.anchor,
        coalesce(given_way.surviving_key, named.key) as key,
        named.entry_no
    from (
        select
            anchor,
            max_by(key, entry_no) as key,
            min(entry_no) as entry_no
        from {{ register }}
        where anchor is not null
        group by anchor
    ) as named
    left join ({{ surviving_keys(register) }}) as given_way
        on named.key = given_way.key
{% endmacro %}

{# Grain: one row per key ever minted: the key that stands for it today, mostly itself. #}
{% macro surviving_keys(register) %}
    select
        key,
        coalesce(max_by(related_key, entry_no) filter (where operation = 'merge'), key)
            as surviving_key
    from {{ register }}
    group by key
{% endmacro %}
