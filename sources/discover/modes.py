"""Suggests how a table may be fetched one day; today every draft says ``full``, which always runs.

Keep out: how a mode is run (``sources/extract.py``).
"""

import re

from sources.discover.codes import chinese_name
from sources.discover.found import FoundColumn, FoundTable, Technology
from sources.discover.vocabulary import CHANGE_TIMES, CHANGE_TIMES_CHINESE


def later_mode(table: FoundTable, technology: Technology) -> str | None:
    """What may take the place of ``full``, as a remark; None when nothing speaks for a change.

    Columns are named as the source names them.
    """
    remarks = []
    if technology in {"postgresql", "mysql"} and table.has_primary_key:
        remarks.append("log")
    changed = next((column.name for column in table.columns if is_change_time(column)), None)
    if changed is not None:
        remarks.append(f"cursor by {changed}")
    elif table.counted_up:
        remarks.append(f"append_only by {table.counted_up[0]} if rows are never changed")
    return "later: " + ", or ".join(remarks) if remarks else None


def is_change_time(column: FoundColumn) -> bool:
    """Whether the column says, by its name and type, when its row was last changed."""
    if column.type != "timestamp":
        return False
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", column.name).lower()
    said = chinese_name(column.comment) or chinese_name(column.name) or ""
    return spaced in CHANGE_TIMES or said.endswith(CHANGE_TIMES_CHINESE)
