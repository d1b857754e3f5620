"""What a PostgreSQL schema holds, read from pg_catalog.

Partitions are part of their parent and old-style inheritance children are read with theirs. Keep
out: which registry type fits (``types.py``) and reading rows for landing
(``sources/connectors/postgresql.py``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from citybase.errors import SourceError
from citybase.masking import mask_numbers
from sources.discover.found import (
    COUNT_LIMIT,
    Catalogue,
    FoundColumn,
    FoundSource,
    FoundTable,
    PassedOver,
    best_key,
)
from sources.discover.types import postgresql_type

_OPTIONS = (
    "-c default_transaction_read_only=on -c statement_timeout=30000 -c lock_timeout=2000 "
    "-c idle_in_transaction_session_timeout=60000 -c datestyle=ISO,YMD"
)
_MAX_VALUE = 200

_SCHEMAS = """
    select n.nspname, count(*)
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where
        c.relkind in ('r', 'p')
        and not c.relispartition
        and n.nspname <> 'information_schema'
        and n.nspname !~ '^pg_'
    group by n.nspname
    order by n.nspname
"""
# A parent's rows are those of all its leaves; -1 says that nobody has ever analyzed them.
_RELATIONS = """
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
        has_table_privilege(c.oid, 'select'),
        c.relrowsecurity,
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
        )
    from pg_catalog.pg_class as c
    where c.oid in (select l.root from leaf as l)
    order by c.relname
"""
_COLUMNS = """
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
    where n.nspname = %(schema)s and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
    order by a.attrelid, a.attnum
"""
# Partial and expression indexes vouch for nothing; included columns are no part of the key.
_KEYS = """
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
_KINDS = {"v": "a view", "m": "a materialised view", "f": "a table of another server"}


class PostgresCatalogue(Catalogue):
    """One schema of a PostgreSQL database."""

    def __init__(self, location: str, *, schema: str | None) -> None:
        """Connect read-only. Raises SourceError; no message repeats the location."""
        try:
            self._password = str(conninfo_to_dict(location).get("password") or "")
            own = str(conninfo_to_dict(location).get("options") or "")
            conninfo = make_conninfo(
                location,
                application_name="citybase",
                client_encoding="UTF8",
                connect_timeout=10,
                options=f"{own} {_OPTIONS}".strip(),
            )
        except psycopg.Error:
            raise SourceError(
                "This is no PostgreSQL URL.",
                remedy="Write it like postgresql://reader:password@db.example:5432/database, with "
                "%40 for @ and the like in the password.",
            ) from None
        try:
            self._connection = psycopg.connect(conninfo, autocommit=True)
        except psycopg.Error as error:
            raise self._failed("The database cannot be opened", error) from None
        self._schema = self._chosen(schema)

    def close(self) -> None:
        """See ``Catalogue.close``."""
        self._connection.close()

    def found(self) -> FoundSource:
        """See ``Catalogue.found``."""
        columns: dict[int, list[FoundColumn]] = defaultdict(list)
        counted_up: dict[int, list[str]] = defaultdict(list)
        for oid, name, base, modifier, shown, filled, comment, generated, serial in self._ask(
            _COLUMNS
        ):
            precision, scale = _numeric(base, modifier)
            kind, note = postgresql_type(base, precision=precision, scale=scale)
            notes = [note] if note else []
            notes += ["generated by the source"] if generated else []
            columns[oid].append(
                FoundColumn(name, kind, shown, not filled, comment, "; ".join(notes) or None)
            )
            counted_up[oid] += [name] if serial else []
        primary: dict[int, list[str]] = {}
        unique: dict[int, list[list[str]]] = defaultdict(list)
        for oid, is_primary, names, filled in self._ask(_KEYS):
            if is_primary:
                primary[oid] = names
            elif filled:
                unique[oid].append(names)
        tables, passed_over = [], []
        for oid, name, kind, comment, readable, secured, parts, rows, parent in self._ask(
            _RELATIONS
        ):
            if kind in _KINDS:
                passed_over.append(PassedOver(name, _KINDS[kind]))
                continue
            obstacle = None
            if not readable:
                obstacle = f"this user may not read it: grant select on {self._schema}.{name}"
            elif parent is not None:
                obstacle = f"its rows are read with those of {parent}, which it inherits from"
            elif not columns[oid]:
                obstacle = "it has no columns"
            tables.append(
                self._counted(
                    FoundTable(
                        name=name,
                        comment=comment,
                        columns=tuple(columns[oid]),
                        key=best_key(primary.get(oid, []), unique[oid]),
                        has_primary_key=oid in primary,
                        rows=rows,
                        partitions=parts,
                        obstacle=obstacle,
                        counted_up=tuple(counted_up[oid]),
                        note="row security may hide rows from this user" if secured else None,
                    )
                )
            )
        return FoundSource(
            technology="postgresql",
            database=self._connection.info.dbname,
            schema=self._schema,
            tables=tuple(tables),
            passed_over=tuple(passed_over),
        )

    def sample(self, table: FoundTable, *, rows: int) -> Mapping[str, Sequence[str]]:
        """See ``Catalogue.sample``."""
        shown = sql.SQL(", ").join(
            sql.SQL("left({}::text, {})").format(sql.Identifier(column.name), _MAX_VALUE)
            for column in table.columns
        )
        query = sql.SQL("select {} from {} limit {}").format(
            shown, sql.Identifier(self._schema, table.name), rows
        )
        try:
            found = self._connection.execute(query).fetchall()
        except psycopg.Error as error:
            raise self._failed(f"Table {table.name} cannot be sampled", error) from None
        return {
            column.name: [str(row[place]) for row in found if row[place] is not None]
            for place, column in enumerate(table.columns)
        }

    def _counted(self, table: FoundTable) -> FoundTable:
        """With an exact count where the table is small or was never analyzed."""
        if table.obstacle or (table.rows is not None and table.rows >= COUNT_LIMIT):
            return table
        query = sql.SQL("select count(*) from (select 1 from {} limit {}) as t").format(
            sql.Identifier(self._schema, table.name), COUNT_LIMIT
        )
        try:
            found = self._connection.execute(query).fetchone()
        except psycopg.Error:
            return table  # the estimate, if there is one, has to do
        return table.counted(int(found[0]) if found else 0)

    def _chosen(self, schema: str | None) -> str:
        found = dict(self._ask(_SCHEMAS))
        if schema is None and len(found) == 1:
            return str(next(iter(found)))
        if schema is not None and schema in found:
            return schema
        self.close()
        if not found:
            raise SourceError(
                "The database holds no table that this user can see.",
                remedy="See that the URL names the right database.",
            )
        listed = ", ".join(f"{name} ({tables} tables)" for name, tables in found.items())
        problem = "has tables in several schemas" if schema is None else f"has none in {schema}"
        raise SourceError(
            f"The database {problem}.", remedy=f"Write --schema with one of: {listed}."
        )

    def _ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        schema = getattr(self, "_schema", None)
        try:
            return self._connection.execute(query, {"schema": schema}).fetchall()
        except psycopg.Error as error:
            raise self._failed("The catalogue cannot be read", error) from None

    def _failed(self, what: str, error: psycopg.Error) -> SourceError:
        text = str(error).rsplit("FATAL:", maxsplit=1)[-1].strip().splitlines()
        said = mask_numbers(text[0] if text else type(error).__name__)
        if self._password:
            said = said.replace(self._password, "…")
        return SourceError(f"{what}: {said}.", remedy="Correct the URL, or ask who runs it.")


def _numeric(base: str, modifier: int | None) -> tuple[int | None, int | None]:
    """Precision and scale, which PostgreSQL packs into one number."""
    if base != "numeric" or modifier is None or modifier < 0:
        return None, None
    packed = modifier - 4
    scale = packed & 0x7FF
    return (packed >> 16) & 0xFFFF, scale - 0x800 if scale & 0x400 else scale
