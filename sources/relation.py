"""The rows of a table as SQL over its segments: as they are now, every change on record, and what
has changed since a batch.

A base holds the whole table, a log segment one row per change; of a key the last change counts, in
the order of batches and, within one, of ``_position``. Keep out: which segments those are
(``content.py``).
"""

from collections.abc import Sequence

from citybase.duck import literal, quoted
from citybase.settings import Settings
from sources import landing
from sources.content import Content
from sources.contract import sql_type
from sources.ledger import Batch
from sources.segment import BOOKKEEPING
from sources.tables import LandedColumn, LandedTable

DELETED = "d"
# Between the columns of a key that has several, where a row is named by one text.
KEY_SEPARATOR = "."


def current_rows(
    settings: Settings, table: LandedTable, content: Content, *, among: str | None = None
) -> str:
    """SQL of the table's rows now: one per key, every column under its registry type.

    ``among``: a relation with the table's keys; then only the rows of these.
    """
    keys = ", ".join(quoted(key) for key in table.keys)

    def rows(batches: Sequence[Batch]) -> str:
        found = _segments(settings, table, content, batches)
        return f"select * from ({found}) semi join {among} using ({keys})" if among else found

    if all(one.mode == "append_only" or not one.files for one in content.logs):
        return rows(content.batches)
    columns = _columns(table)
    base = rows((content.base,) if content.base else ())
    changes = rows(content.logs)
    return f"""
        with change as materialized ({_aged(table, changes)})
        select {columns} from ({base}) anti join change using ({keys})
        union all
        select {columns} from change where _age = 1 and _op <> {literal(DELETED)}
    """


def all_changes(settings: Settings, table: LandedTable, content: Content) -> str:
    """SQL of every row on record: what the base held, and each change before and after it."""
    return _segments(settings, table, content, content.history)


def changed_rows(settings: Settings, table: LandedTable, content: Content, *, since: int) -> str:
    """SQL of the last change, deletes too, of every key that logs after the batch ``since`` speak
    of, with ``_source_key``: the key as one text.
    """
    logs = [one for one in content.history if one.kind == "log" and one.batch_id > since]
    # A segment that several batches were written into together holds older ones too.
    changes = (
        f"select * from ({_segments(settings, table, content, logs)}) where _batch_id > {since}"
    )
    keys = ", ".join(f"cast({quoted(key)} as varchar)" for key in table.keys)
    return f"""
        select {_columns(table)}, concat_ws({literal(KEY_SEPARATOR)}, {keys}) as _source_key
        from ({_aged(table, changes)})
        where _age = 1
    """


def _columns(table: LandedTable) -> str:
    return ", ".join([*(quoted(column.code) for column in table.columns), *BOOKKEEPING])


def _aged(table: LandedTable, changes: str) -> str:
    """The changes with ``_age``: 1 for the last of a key."""
    keys = ", ".join(quoted(key) for key in table.keys)
    return f"""
        select
            *,
            row_number() over (partition by {keys} order by _batch_id desc, _position desc) as _age,
        from ({changes})
    """


def _segments(
    settings: Settings, table: LandedTable, content: Content, batches: Sequence[Batch]
) -> str:
    """The rows of some batches: one branch per schema version that they were landed under."""
    branches = []
    for version in sorted({batch.schema_version for batch in batches if batch.files}):
        files = [
            literal(str(file))
            for batch in batches
            if batch.schema_version == version
            for file in landing.absolute(settings, batch.files)
        ]
        landed = {column.code: column for column in content.columns[version]}
        values = ", ".join([*(_value(column, landed) for column in table.columns), *BOOKKEEPING])
        branches.append(f"select {values} from read_parquet([{', '.join(files)}])")
    return " union all ".join(branches) or _empty(table)


def _value(column: LandedColumn, landed: dict[str, LandedColumn]) -> str:
    """The column under the type the registry states now; null where it was not landed yet.

    A cast that a changed registry type makes impossible fails when the view is read: loudly, until
    the table is extracted again.
    """
    source = quoted(column.code) if column.code in landed else "null"
    return f"cast({source} as {sql_type(column.type)}) as {quoted(column.code)}"


def _empty(table: LandedTable) -> str:
    columns = {column.code: sql_type(column.type) for column in table.columns} | BOOKKEEPING
    values = ", ".join(f"cast(null as {kind}) as {quoted(code)}" for code, kind in columns.items())
    return f"select {values} where false"
