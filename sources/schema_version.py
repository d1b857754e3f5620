"""Schema versions: the columns that the registry promised when a batch landed.

Add here reads and writes of the table ``schema_version``. Keep out: batches (``ledger.py``).
"""

from datetime import datetime

import sqlalchemy as sa

from citybase.store import reading
from citybase.store.schema import schema_version
from sources.tables import LandedColumn, LandedTable


def declared_columns(
    engine: sa.Engine, system_code: str, table_code: str, version: int
) -> tuple[LandedColumn, ...]:
    """What the registry promised when batches of that schema version were landed."""
    with reading(engine) as connection:
        found = connection.scalar(
            sa.select(schema_version.c.columns).where(
                schema_version.c.system_code == system_code,
                schema_version.c.table_code == table_code,
                schema_version.c.version == version,
            )
        )
    return stored_columns(found or [])


def current_version(connection: sa.Connection, table: LandedTable, moment: datetime) -> int:
    """The schema version of the table's columns as they are now: a new one when they changed."""
    columns = [
        {"column": column.code, "type": column.type, "nullable": column.nullable}
        for column in table.columns
    ]
    mine = (
        schema_version.c.system_code == table.system_code,
        schema_version.c.table_code == table.table_code,
    )
    newest = connection.execute(
        sa.select(schema_version.c.version, schema_version.c.columns)
        .where(*mine)
        .order_by(schema_version.c.version.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.columns == columns:
        return int(newest.version)
    version = 1 if newest is None else int(newest.version) + 1
    connection.execute(
        schema_version.insert().values(
            system_code=table.system_code,
            table_code=table.table_code,
            version=version,
            columns=columns,
            created_at=moment,
        )
    )
    return version


def stored_columns(stored: list[dict[str, object]]) -> tuple[LandedColumn, ...]:
    """The columns as facts, from how the table ``schema_version`` keeps them."""
    return tuple(
        LandedColumn(
            code=str(column["column"]),
            type=str(column["type"]),
            nullable=bool(column["nullable"]),
        )
        for column in stored
    )
