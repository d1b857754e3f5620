"""What the city has gathered, at any moment, told by the rows of the ledger alone.

An item (项) is a source table of which a batch was committed. Its rows are those that it held
behind the newest batch of that moment; the channel's are all that ever landed. The registry only
says whose a system is. Keep out: counting rows (they are counted when a batch is landed) and
printing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from citybase.store import reading
from citybase.store.schema import batch
from sources.ledger import END_OF_TIME
from sources.registry import Registry
from sources.tables import OWN_TABLES

_Key = tuple[str, str]
_HUNDRED_MILLIONS = 100_000_000


@dataclass(frozen=True)
class Item:
    """One source table. ``rows`` is None where a citybase landed it that did not count them.

    County (six digits) and department are None where the registry no longer has the system; the
    county is None for a system of the whole city too. ``is_registered``: the table still stands in
    the registry.
    """

    system_code: str
    table_code: str
    rows: int | None
    channel_rows: int
    county_code: str | None
    department_code: str | None
    department_name: str | None
    is_registered: bool


@dataclass(frozen=True)
class Cell:
    """What one department brought for one county, or with None for the city as a whole."""

    county_code: str | None
    department_code: str | None
    department_name: str | None
    items: int
    rows: int
    channel_rows: int


@dataclass(frozen=True)
class Gathered:
    """Everything that had landed at one moment, table by table."""

    found: tuple[Item, ...]

    @property
    def counties(self) -> int:
        """Counties of which a system of their own has landed something."""
        return len({item.county_code for item in self.found if item.county_code is not None})

    @property
    def departments(self) -> int:
        """Departments of the city: what a county runs itself is counted as the county."""
        return len(
            {
                item.department_code
                for item in self.found
                if item.department_code is not None and item.county_code is None
            }
        )

    @property
    def items(self) -> int:
        """Source tables with at least one committed batch."""
        return len(self.found)

    @property
    def rows(self) -> int:
        """Rows that the tables held."""
        return sum(item.rows or 0 for item in self.found)

    @property
    def channel_rows(self) -> int:
        """Rows that had ever landed."""
        return sum(item.channel_rows for item in self.found)

    @property
    def unregistered(self) -> tuple[Item, ...]:
        """Tables that the registry no longer has. They count; of a system that is gone, in no
        county and no department.
        """
        return tuple(item for item in self.found if not item.is_registered)

    @property
    def uncounted(self) -> tuple[Item, ...]:
        """Tables whose rows nobody counted; they count as none."""
        return tuple(item for item in self.found if item.rows is None)

    @property
    def sentence(self) -> str:
        """The sentence by which a city says what it has."""
        return (
            f"已汇聚 {self.counties} 个县区 {self.departments} 个部门 {self.items} 项 "
            f"{written(self.rows)} 条数据,数据高速通道累计 {written(self.channel_rows)} 条"
        )

    @property
    def matrix(self) -> tuple[Cell, ...]:
        """County × department, the city as a whole first; only where there is an item."""

        def place(item: Item) -> tuple[str, str]:
            return item.county_code or "", item.department_code or ""

        return tuple(
            _cell(list(items)) for _, items in groupby(sorted(self.found, key=place), place)
        )


def written(count: int) -> str:
    """A count as such sentences have it, never more than there is: 1724000000 is 17.24亿."""
    if count < _HUNDRED_MILLIONS:
        return str(count)
    return f"{count // (_HUNDRED_MILLIONS // 100) / 100:.2f}亿"


def gathered(engine: sa.Engine, registry: Registry, *, as_of: datetime | None = None) -> Gathered:
    """What the batches committed up to ``as_of`` (as the store keeps instants) brought."""
    moment = as_of or END_OF_TIME
    with reading(engine) as connection:
        held, channel = _held(connection, moment), _channel(connection, moment)
    own = {(table.system_code, table.table_code) for table in OWN_TABLES}
    systems = {system.system: system for system in registry.systems}
    declared = {(system.system, table.table) for system, table in registry.tables()}
    items = []
    for key in sorted(held.keys() - own):
        system = systems.get(key[0])
        items.append(
            Item(
                system_code=key[0],
                table_code=key[1],
                rows=held[key],
                channel_rows=channel[key],
                county_code=system.county if system else None,
                department_code=system.department.code if system else None,
                department_name=system.department.name if system else None,
                is_registered=key in declared,
            )
        )
    return Gathered(tuple(items))


def _held(connection: sa.Connection, moment: datetime) -> Mapping[_Key, int | None]:
    """Of every table the rows behind its newest batch."""
    newest = (
        sa.select(sa.func.max(batch.c.batch_id))
        .where(batch.c.committed_at <= moment)
        .group_by(batch.c.system_code, batch.c.table_code)
    )
    query = sa.select(batch.c.system_code, batch.c.table_code, batch.c.rows_held).where(
        batch.c.batch_id.in_(newest)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _channel(connection: sa.Connection, moment: datetime) -> Mapping[_Key, int]:
    """Of every table the rows that ever landed: those of every log batch, and of every base that
    does not share the files of the base before, because it says the same.
    """
    place = (batch.c.system_code, batch.c.table_code)
    files = sa.cast(batch.c.files, sa.Text)
    bases = (
        sa.select(
            *place,
            batch.c.rows_landed,
            files.label("files"),
            sa.func.lag(files)
            .over(partition_by=place, order_by=batch.c.batch_id)
            .label("files_before"),
        )
        .where(batch.c.kind == "base", batch.c.committed_at <= moment)
        .subquery()
    )
    queries = (
        sa.select(*place, sa.func.sum(batch.c.rows_landed))
        .where(batch.c.kind == "log", batch.c.committed_at <= moment)
        .group_by(*place),
        sa.select(bases.c.system_code, bases.c.table_code, sa.func.sum(bases.c.rows_landed))
        .where(bases.c.files.is_distinct_from(bases.c.files_before))
        .group_by(bases.c.system_code, bases.c.table_code),
    )
    counts: dict[_Key, int] = {}
    for query in queries:
        for row in connection.execute(query):
            key = (row[0], row[1])
            counts[key] = counts.get(key, 0) + int(row[2])
    return counts


def _cell(items: Sequence[Item]) -> Cell:
    return Cell(
        county_code=items[0].county_code,
        department_code=items[0].department_code,
        department_name=items[0].department_name,
        items=len(items),
        rows=sum(item.rows or 0 for item in items),
        channel_rows=sum(item.channel_rows for item in items),
    )
