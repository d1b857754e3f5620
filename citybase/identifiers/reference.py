"""The code tables the number rules consult: divisions by date, and the pairs that open a USCC.

They are read from the seeds dbt loads, so that the models and this package can never differ. Add a
table here when a rule needs one. Keep out: codes written into code.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from citybase.errors import IdentifierError
from citybase.settings import project_root

_SEEDS = Path("dbt_project", "seeds", "code")
NATIONAL = "national"


def _read(stem: str, dates: tuple[str, ...] = ()) -> pl.DataFrame:
    path = project_root() / _SEEDS / f"{stem}.csv"
    if not path.exists():
        raise IdentifierError(
            f"The code table {_SEEDS / path.name} is missing.",
            remedy="Restore the file from version control; citybase runs in its project folder.",
        )
    frame = pl.read_csv(path, infer_schema=False)
    return frame.with_columns(pl.col(name).str.to_date() for name in dates)


@dataclass(frozen=True)
class Reference:
    """The code tables as they stand on one day.

    Attributes:
        areas: division_code, division_name (the newest), is_national, is_in_force; one row per code
            ever in force (GB/T 2260).
        categories: category_code, category_name; the first two characters of a unified social
            credit code (GB 32100).
    """

    areas: pl.DataFrame
    categories: pl.DataFrame

    def area_status(self, area: pl.Expr, *, holder: str = "resident") -> pl.Expr:
        """True: in force; false: abolished; null: never a code.

        Args:
            area: six characters.
            holder: ``resident`` or ``registrar``: 100000, the national registrar, is no place to be
                born in.
        """
        rows = self.areas
        if holder == "resident":
            rows = rows.filter(~pl.col("is_national"))
        return area.replace_strict(
            rows["division_code"], rows["is_in_force"], default=None, return_dtype=pl.Boolean
        )

    def area_name(self, area: pl.Expr) -> pl.Expr:
        """The newest name of a division code; null when it was never a code."""
        codes, names = self.areas["division_code"], self.areas["division_name"]
        return area.replace_strict(codes, names, default=None, return_dtype=pl.String)

    def category_name(self, category: pl.Expr) -> pl.Expr:
        """The name of a category pair; null when the pair is not in the table."""
        codes, names = self.categories["category_code"], self.categories["category_name"]
        return category.replace_strict(codes, names, default=None, return_dtype=pl.String)


@lru_cache(maxsize=8)
def load_reference(as_of: date) -> Reference:
    """The code tables on ``as_of``.

    A code is in force on a day when one of its rows covers it, ``valid_from`` ≤ day < ``valid_to``,
    empty bounds being open.

    Raises:
        IdentifierError: a seed file is missing.
    """
    divisions = _read("code_division_national", ("valid_from", "valid_to"))
    covers = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= as_of)) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") > as_of)
    )
    areas = (
        divisions.sort("division_code", "valid_from", nulls_last=False)
        .group_by("division_code", maintain_order=True)
        .agg(
            pl.col("division_name").last(),
            is_national=(pl.col("level") == NATIONAL).any(),
            is_in_force=covers.any(),
        )
    )
    categories = _read("code_uscc_category").select("category_code", "category_name")
    return Reference(areas=areas, categories=categories)
