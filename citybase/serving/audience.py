"""Who may read what: the closed list of audiences and the one rule that treats a column.

Add an audience here when another circle of readers gets its own files. Keep out: how a mask is
written in SQL (``masks.py``) and what a column is classed as (the model's YAML says it).
"""

from dataclasses import dataclass
from typing import Literal

from citybase.errors import WarehouseError
from citybase.serving.masks import MaskKind
from sources.contract import Sensitivity

Treatment = Literal["plain"] | MaskKind


@dataclass(frozen=True)
class Audience:
    """One circle of readers.

    ``schemas`` are the warehouse schemas it sees, ``plain`` the classes it sees unmasked;
    ``sees_masked`` says whether the masks the models declare apply to it. A declared mask applies
    whatever the class of the column: the stricter of the two rules holds (就高从严).
    """

    name: str
    title: str
    schemas: tuple[str, ...]
    plain: frozenset[Sensitivity]
    sees_masked: bool
    is_encrypted: bool

    def treatment(self, *, sensitivity: Sensitivity, mask: MaskKind | None) -> Treatment:
        """How a column is shown: plain, through a mask, or left out (``drop``)."""
        if not self.sees_masked:
            return "plain"
        if mask is not None:
            return mask
        return "plain" if sensitivity in self.plain else "drop"


AUDIENCES: tuple[Audience, ...] = (
    Audience(
        name="steward",
        title="数据管家",
        schemas=("library", "quality", "mart"),
        plain=frozenset({"open", "internal", "personal", "identifying", "sensitive"}),
        sees_masked=False,
        is_encrypted=True,
    ),
    Audience(
        name="analyst",
        title="分析人员",
        schemas=("library", "mart"),
        plain=frozenset({"open", "internal", "personal"}),
        sees_masked=True,
        is_encrypted=False,
    ),
)


def audience_named(name: str) -> Audience:
    """The audience of that name.

    Raises:
        WarehouseError: there is no such audience.
    """
    for audience in AUDIENCES:
        if audience.name == name:
            return audience
    known = ", ".join(audience.name for audience in AUDIENCES)
    raise WarehouseError(f"There is no audience `{name}`.", remedy=f"Choose one of these: {known}.")
