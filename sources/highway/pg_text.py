"""What the stream writes differently from a snapshot of the same table.

The log carries what a type's output function prints; a snapshot carries what the connector's query
selects (``connectors/postgresql.py``). Where these differ, the expressions here turn the one into
the other, so that landing types both alike. Add a type here when they are seen to differ.
"""

from citybase.duck import quoted
from sources.highway.pgoutput_message import RelationColumn

# By pg_type.oid.
_EXPRESSIONS = {
    16: "cast({text} as boolean)",
    701: "cast({text} as double)",
    # bpchar: its length is not part of its value.
    1042: "rtrim({text}, ' ')",
    # timestamptz: the session's zone is the city's, so the city's time stands before the offset.
    1184: r"regexp_replace({text}, '[+-]\d\d(?::\d\d)*( BC)?$', '\1')",
}


def snapshot_text(column: RelationColumn, *, code: str | None = None) -> str:
    """A DuckDB expression over the column of a ``ChangeRun``, whose value is the snapshot's.

    ``code`` is what the column is called by now (``ChangeRun.table``).
    """
    return _EXPRESSIONS.get(column.type_oid, "{text}").format(text=quoted(code or column.name))
