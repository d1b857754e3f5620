"""How many rows a table has after the changes of a stream, without reading the table.

What happened first and last to a key says whether its row was there before and is there now. Only
where a change may have been rejected, or a key may be an old row's new one, are the rows as landed
looked at, and of them those keys alone. Keep out: landing (``micro_batch.py``), and how many rows
other modes leave (``changes.py``).
"""

from collections.abc import Callable

import duckdb

from citybase.duck import quoted
from sources.relation import DELETED
from sources.tables import LandedTable

# Where PostgreSQL deletes a row and does not merely change its key (`pgoutput._NUMBERS`): odd.
_ONLY_DELETED = r"[0-9A-F]{16}\.[0-9A-F]{7}[13579BDF]"
# Keys, one row each.
_DOUBTFUL = "doubtful_key"


def count_gained(
    duck: duckdb.DuckDBPyConnection,
    table: LandedTable,
    *,
    has_rejected: bool,
    count_landed: Callable[[str], int],
) -> int:
    """Rows that the changes of the temporary table ``typed`` added, less those they removed.

    ``typed`` holds columns, ``_op``, ``_position``, ``_place`` (the order) and ``_rejected``; both
    halves of a change of key are in it, or none. ``has_rejected``: some change of the table stands
    in quarantine, so that its rows are not the source's.
    ``count_landed`` says how many rows before these changes have a key of the relation named.
    """
    keys = ", ".join(quoted(key) for key in table.keys)
    # An update right behind a delete may be the other half of a change of key.
    duck.execute(
        f"""
        create or replace temp table touched_key as
        select
            {keys},
            min_by(_op, _place) <> 'c' as was_there,
            max_by(_op, _place) <> '{DELETED}' as is_there,
            min_by(_op = 'u' and may_be_moved, _place) or {has_rejected} as is_doubtful,
        from (
            select
                *,
                lag(
                    _op = '{DELETED}' and not regexp_full_match(_position, '{_ONLY_DELETED}'),
                    1,
                    false
                ) over (order by _place) as may_be_moved,
            from typed
        )
        where _rejected is null
        group by all
        """
    )
    gained, doubtful = duck.execute(
        """
        select
            coalesce(sum(is_there::bigint), 0)
            - count(*) filter (where was_there and not is_doubtful),
            count(*) filter (where is_doubtful),
        from touched_key
        """
    ).fetchone() or (0, 0)
    if doubtful:
        duck.execute(
            f"create or replace temp view {_DOUBTFUL} as "
            f"select {keys} from touched_key where is_doubtful"
        )
        gained -= count_landed(_DOUBTFUL)
    return int(gained)
