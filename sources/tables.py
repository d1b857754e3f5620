"""A table as landing knows it: codes, types and keys, whoever delivers it.

Registry tables become one by ``landed_table``; the few tables that citybase delivers to itself are
declared here, because no department owns them. Keep out: departments, connections and names for
people (``contract.py``), and paths (``landing.py``).
"""

from dataclasses import dataclass

from sources.contract import Mode, System, Table

# Before the source's name of a column that the registry does not know yet.
PENDING_PREFIX = "_pending_"


@dataclass(frozen=True)
class LandedColumn:
    """One column: code, registry type (``decimal(18,2)``) and whether it may be null."""

    code: str
    type: str
    nullable: bool

    @property
    def is_pending(self) -> bool:
        """Whether it lands although the registry does not know it, for nobody to read yet."""
        return self.code.startswith(PENDING_PREFIX)


@dataclass(frozen=True)
class LandedTable:
    """What every batch of one table looks like."""

    system_code: str
    table_code: str
    mode: Mode
    keys: tuple[str, ...]
    columns: tuple[LandedColumn, ...]
    watermark: str | None = None

    @property
    def name(self) -> str:
        """How the warehouse calls it: ``<system>__<table>``."""
        return f"{self.system_code}__{self.table_code}"


def landed_table(system: System, table: Table) -> LandedTable:
    """The landing side of a registry table."""
    return LandedTable(
        system_code=system.system,
        table_code=table.table,
        mode=table.mode,
        keys=tuple(table.keys),
        columns=tuple(
            LandedColumn(code=column.column, type=column.type, nullable=column.nullable)
            for column in table.columns
        ),
        watermark=table.cursor,
    )


def _register(table_code: str) -> LandedTable:
    return LandedTable(
        system_code="identity_register",
        table_code=table_code,
        mode="append_only",
        keys=("entry_no",),
        columns=(
            LandedColumn("entry_no", "bigint", nullable=False),
            LandedColumn("operation", "varchar", nullable=False),
            LandedColumn("key", "bigint", nullable=False),
            LandedColumn("anchor", "varchar", nullable=True),
            LandedColumn("related_key", "bigint", nullable=True),
            LandedColumn("recorded_cut", "bigint", nullable=False),
        ),
    )


# citybase's memory of the keys it has minted: kept in landing, so that a warehouse rebuilt from
# landing gives every person, organisation and licence its old key.
OWN_TABLES: tuple[LandedTable, ...] = tuple(
    _register(table_code) for table_code in ("person", "organisation", "licence")
)


def own_table(system_code: str, table_code: str) -> LandedTable:
    """One of citybase's own tables. Raises KeyError when there is none of that name."""
    for table in OWN_TABLES:
        if (table.system_code, table.table_code) == (system_code, table_code):
            return table
    raise KeyError(f"{system_code}.{table_code}")
