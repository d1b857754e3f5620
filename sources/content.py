"""Which committed batches make up a table: its newest base, and the changes since.

Every question about which files count is answered here, in one consistent reading of the ledger.
Keep out: writing the ledger (``ledger.py``) and the SQL that reads the files (``relation.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from citybase.store import reading
from citybase.store.schema import batch, schema_version
from sources.ledger import Batch, as_batch
from sources.schema_version import stored_columns
from sources.tables import LandedColumn


@dataclass(frozen=True)
class Content:
    """What makes up a table: its newest base, the log batches since, those before it (history
    alone), and the columns each of their schema versions promised. Oldest first.
    """

    base: Batch | None
    logs: tuple[Batch, ...]
    earlier: tuple[Batch, ...]
    columns: Mapping[int, tuple[LandedColumn, ...]]

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The batches that the current rows come from."""
        return (*((self.base,) if self.base else ()), *self.logs)


NOTHING = Content(base=None, logs=(), earlier=(), columns={})


def contents(engine: sa.Engine) -> Mapping[tuple[str, str], Content]:
    """What every table consists of at this moment, in one consistent reading."""
    with reading(engine) as connection:
        return _contents(connection, sa.true(), sa.true())


def table_content(engine: sa.Engine, system_code: str, table_code: str) -> Content:
    """What one table consists of at this moment."""
    key = (system_code, table_code)
    with reading(engine) as connection:
        mine = [
            sa.and_(table.c.system_code == system_code, table.c.table_code == table_code)
            for table in (batch, schema_version)
        ]
        return _contents(connection, *mine).get(key, NOTHING)


def _contents(
    connection: sa.Connection,
    batch_condition: sa.ColumnElement[bool],
    version_condition: sa.ColumnElement[bool],
) -> Mapping[tuple[str, str], Content]:
    newest = (
        sa.select(sa.func.max(batch.c.batch_id))
        .where(batch.c.kind == "base")
        .group_by(batch.c.system_code, batch.c.table_code)
    )
    rows = connection.execute(
        sa.select(batch)
        .where(batch_condition, sa.or_(batch.c.batch_id.in_(newest), batch.c.kind == "log"))
        .order_by(batch.c.batch_id)
    ).all()
    batches: dict[tuple[str, str], list[Batch]] = {}
    for row in rows:
        batches.setdefault((row.system_code, row.table_code), []).append(as_batch(row._mapping))
    columns: dict[tuple[str, str], dict[int, tuple[LandedColumn, ...]]] = {}
    for row in connection.execute(sa.select(schema_version).where(version_condition)):
        key = (row.system_code, row.table_code)
        columns.setdefault(key, {})[row.version] = stored_columns(row.columns)
    return {key: _content(found, columns[key]) for key, found in batches.items()}


def _content(found: list[Batch], columns: Mapping[int, tuple[LandedColumn, ...]]) -> Content:
    base = next((one for one in found if one.kind == "base"), None)
    logs = [one for one in found if one.kind == "log"]
    begun = base.batch_id if base is not None else 0
    return Content(
        base=base,
        logs=tuple(one for one in logs if one.batch_id > begun),
        earlier=tuple(one for one in logs if one.batch_id < begun),
        columns=columns,
    )
