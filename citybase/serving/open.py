"""How published files are read: one connection with every library of one version attached.

Add here other ways of reading a published version. Keep out: anything that writes.
"""

import duckdb

from citybase.duck import connect
from citybase.errors import WarehouseError
from citybase.serving.audience import audience_named
from citybase.serving.keys import read_steward_key
from citybase.serving.library_file import attach
from citybase.serving.versions import version_folder
from citybase.settings import Settings

_QUESTIONS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


def open_library(
    settings: Settings, audience: str, *, version: int | None = None
) -> duckdb.DuckDBPyConnection:
    """An in-memory connection with each published file attached read-only under its own name.

    ``select … from population.entity_person`` works on it. The connection stays on the version it
    was opened on; open another to see a newer one.

    Raises:
        WarehouseError: no such audience, nothing published, the version is not kept, or the key
            does not fit.
    """
    key = read_steward_key(settings) if audience_named(audience).is_encrypted else None
    folder = version_folder(settings, audience, version=version)
    connection = connect()
    try:
        for path in sorted(folder.glob("*.duckdb")):
            attach(connection, path, name=path.stem, key=key)
    except BaseException:
        connection.close()
        raise
    return connection


def lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Leave a connection nothing but its attached files: no other file, no setting."""
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def refuse_all_but_a_question(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Let one SELECT (FROM, SHOW, DESCRIBE, PIVOT, … are SELECT too) or EXPLAIN pass, nothing else.

    The files are attached read-only; what this refuses is a table or setting that would seem to be
    made, and be gone when the command ends.

    Raises:
        WarehouseError: the text is empty, more than one statement, or no question.
        duckdb.Error: it is no SQL.
    """
    statements = connection.extract_statements(sql)
    # The parser takes a PIVOT apart into statements of its own, which have no text.
    written = [statement for statement in statements if statement.query.strip()] or statements[-1:]
    if len(written) == 1 and written[0].type in _QUESTIONS:
        return
    found = ", ".join(statement.type.name.lower() for statement in written) or "empty"
    raise WarehouseError(
        f"The query cannot be answered: it is {found}, not one question, and published files are"
        " only read.",
        remedy='Write one query; `citybase query "show all tables"` lists what there is. To keep'
        " what it finds, print it with --json or open the files as docs/querying.md shows.",
    )
