"""What PostgreSQL's own catalogue is asked about a schema.

Add a column here when the draft has to say one more thing. Keep out: what becomes of the answers
(``postgresql.py``).
"""

# Every kind of relation that extraction can read, and how many of them this user may read. What an
# extension brought along (PostGIS, pg_stat_statements) is nobody's data.
SCHEMAS = """
    select
        n.nspname,
        count(*) filter (
            where has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
        ),
        count(*)
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    left join pg_catalog.pg_depend as e
        on e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
    where
        c.relkind in ('r', 'p', 'v', 'm', 'f')
        and not c.relispartition
        and e.objid is null
        and n.nspname <> 'information_schema'
        and n.nspname !~ '^pg_'
    group by n.nspname
    order by n.nspname
"""
# A parent's rows are those of all its leaves; -1 says that nobody has ever analyzed them.
RELATIONS = """
    with recursive leaf as (
        select c.oid as root, c.oid, c.relkind, c.reltuples
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f')
            and not c.relispartition
        union all
        select l.root, c.oid, c.relkind, c.reltuples
        from leaf as l
        inner join pg_catalog.pg_inherits as i on i.inhparent = l.oid
        inner join pg_catalog.pg_class as c on c.oid = i.inhrelid
    )

    select
        c.oid,
        c.relname,
        c.relkind,
        obj_description(c.oid, 'pg_class'),
        has_schema_privilege(c.relnamespace, 'usage') and has_table_privilege(c.oid, 'select'),
        row_security_active(c.oid),
        (
            select count(*) from leaf as l
            where l.root = c.oid and l.relkind <> 'p' and l.oid <> c.oid
        ),
        (
            select case when min(l.reltuples) < 0 then null else sum(l.reltuples)::bigint end
            from leaf as l
            where l.root = c.oid and l.relkind <> 'p'
        ),
        (
            select min(p.relname)
            from pg_catalog.pg_inherits as i
            inner join pg_catalog.pg_class as p on p.oid = i.inhparent
            where i.inhrelid = c.oid
        ),
        (
            select min(x.extname)
            from pg_catalog.pg_depend as e
            inner join pg_catalog.pg_extension as x on x.oid = e.refobjid
            where e.classid = 'pg_class'::regclass and e.objid = c.oid and e.deptype = 'e'
        )
    from pg_catalog.pg_class as c
    where c.oid in (select l.root from leaf as l)
    order by c.relname
"""
COLUMNS = """
    with recursive base as (
        select t.oid, t.oid as last, t.typtypmod as modifier, t.typnotnull as is_filled
        from pg_catalog.pg_type as t
        union all
        select
            b.oid,
            t.typbasetype,
            case when t.typtypmod >= 0 then t.typtypmod else b.modifier end,
            b.is_filled or t.typnotnull
        from base as b
        inner join pg_catalog.pg_type as t on t.oid = b.last
        where t.typtype = 'd'
    )

    select
        a.attrelid,
        a.attname,
        t.typname,
        case when a.atttypmod >= 0 then a.atttypmod else b.modifier end,
        format_type(a.atttypid, a.atttypmod),
        a.attnotnull or b.is_filled,
        col_description(a.attrelid, a.attnum),
        a.attgenerated <> '',
        a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) like 'nextval(%%', false)
    from pg_catalog.pg_attribute as a
    inner join pg_catalog.pg_class as c on c.oid = a.attrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    inner join base as b on b.oid = a.atttypid
    inner join pg_catalog.pg_type as t on t.oid = b.last and t.typtype <> 'd'
    left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where n.nspname = %(schema)s and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
# Partial and expression indexes vouch for nothing; included columns are no part of the key.
KEYS = """
    select
        i.indrelid,
        i.indisprimary,
        array_agg(a.attname::text order by k.place),
        bool_and(a.attnotnull)
    from pg_catalog.pg_index as i
    inner join pg_catalog.pg_class as c on c.oid = i.indrelid
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
    inner join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where
        n.nspname = %(schema)s
        and i.indisunique
        and i.indisvalid
        and i.indpred is null
        and i.indexprs is null
        and k.place <= i.indnkeyatts
    group by i.indexrelid, i.indrelid, i.indisprimary
    order by i.indexrelid
"""
