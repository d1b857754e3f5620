"""The identity registers of an installation, as the warehouse and as landing tell them. Keep out:
what they ought to say.
"""

from pathlib import Path

import polars as pl

from citybase.duck import connect
from sources.identity_register import REGISTERS, SYSTEM
from tests.pipeline.pipeline_house import House

MODELS = {register.table_code: f"intermediate.{register.model}" for register in REGISTERS}
_ENTRY = ("entry_no", "operation", "key", "anchor", "related_key")
Entries = set[tuple[object, ...]]


def warehouse_entries(warehouse: Path, table: str) -> Entries:
    """The entries of a register in a warehouse file."""
    with connect(warehouse, read_only=True) as connection:
        return set(
            connection.execute(f"select {', '.join(_ENTRY)} from {MODELS[table]}").fetchall()
        )


def landed_entries(house: House, table: str) -> Entries:
    """What the files of landing say, read without DuckDB."""
    segments = sorted((house.settings.landing / SYSTEM / table).glob("*.parquet"))
    rows = pl.concat([pl.read_parquet(segment) for segment in segments])
    assert rows["entry_no"].n_unique() == rows.height
    return set(rows.select(_ENTRY).iter_rows())
