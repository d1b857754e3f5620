"""What deliveries hold: the rows of those that arrived, and of those that stand.

Keep out: which deliveries count (``delivery.py``) and when they are read (``file_drop.py``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from citybase.duck import literal, quoted
from sources import landing
from sources.connectors.transcribe import read_csv
from sources.contract import sql_type
from sources.modes.delivery import Catalogue, Delivery
from sources.modes.extraction import Extraction
from sources.segment import BOOKKEEPING, PARQUET

# So many files of rows are kept before they are written together.
_ROW_FILES = 24


@dataclass(frozen=True)
class Arrival:
    """A delivery as it was read: its rows, typed or rejected, and its records that are none."""

    delivery: Delivery
    before: Delivery | None
    typed: Path
    broken: Path | None
    rows_broken: int


def gather(
    extraction: Extraction, taken: Sequence[Arrival], catalogue: Catalogue, *, is_anew: bool
) -> Path | None:
    """Write the scratch segment: of every key that is touched the row that counts, then what was
    rejected. Leaves the temporary tables ``gone``, keys that no delivery has any more, and
    ``passed``, how many rows count for nothing. Returns the file of broken records, if any.
    """
    duck, table = extraction.duck, extraction.landed
    keys = ", ".join(quoted(key) for key in table.keys)
    codes = ", ".join(quoted(column.code) for column in table.columns)
    _arrivals(extraction, taken)
    before = _rows(extraction, [one.before for one in taken if one.before is not None])
    if taken:
        _keep(extraction, before)
    now = _rows(extraction, catalogue.standing)
    duck.execute(
        f"""
        create temp table touched as
        select {keys} from arrival where _place = 1
        union
        select {keys} from ({before}){f" union select {keys} from ({now})" if is_anew else ""}
        """
    )
    duck.execute(
        f"""
        create temp table winner as
        select {codes}, _position
        from (
            select
                *,
                row_number() over (partition by {keys} order by _delivery desc) as _rank,
            from ({now}) semi join touched using ({keys})
        )
        where _rank = 1
        """
    )
    duck.execute(f"create temp table gone as from touched anti join winner using ({keys})")
    duck.execute(
        f"create temp table passed as select count(*) - count(distinct ({keys})) as passed_rows "
        "from arrival where _place = 1"
    )
    books = {
        "_op": "'r'",
        "_position": "_position",
        "_committed_at": f"{literal(extraction.attempt.started_at.isoformat(sep=' '))}::timestamp",
        "_batch_id": f"{extraction.attempt.batch_id}::bigint",
    }
    kept = ", ".join(f"{books[name]} as {name}" for name in BOOKKEEPING)
    extraction.scratch.parent.mkdir(parents=True, exist_ok=True)
    duck.execute(
        f"""
        copy (
            select * exclude (_part, _delivery, _row)
            from (
                select {codes}, {kept}, null::varchar as _rejected,
                    0 as _part, '' as _delivery, 0 as _row,
                from winner
                union all
                select {codes}, {kept}, _rejected, 1, _delivery, _row,
                from arrival where _place is distinct from 1
            )
            order by _part, _delivery, _row, {keys}
        ) to {literal(str(extraction.scratch))} {PARQUET}
        """
    )
    _write_together(extraction, catalogue)
    return _broken(extraction, taken)


def _arrivals(extraction: Extraction, taken: Sequence[Arrival]) -> None:
    """Make ``arrival``: every row read, with its delivery, its number in it and, for a good one,
    its place among those of its key there.
    """
    duck, table = extraction.duck, extraction.landed
    columns = {column.code: sql_type(column.type) for column in table.columns}
    if not taken:
        nothing = columns | {
            "_position": "varchar",
            "_rejected": "varchar",
            "_delivery": "varchar",
            "_row": "bigint",
            "_place": "bigint",
        }
        values = ", ".join(f"null::{kind} as {quoted(code)}" for code, kind in nothing.items())
        duck.execute(f"create temp table arrival as select {values} where false")
        return
    names = pa.table(
        {
            "file": [str(arrival.typed) for arrival in taken],
            "_delivery": [arrival.delivery.name for arrival in taken],
        }
    )
    duck.register("arrived_file", names)
    keys = ", ".join(quoted(key) for key in table.keys)
    codes = ", ".join(quoted(code) for code in columns)
    files = ", ".join(literal(str(arrival.typed)) for arrival in taken)
    duck.execute(
        f"""
        create temp table arrival as
        select
            {codes},
            concat_ws(':', _delivery, _position) as _position,
            _rejected,
            _delivery,
            file_row_number as _row,
            case when _rejected is null then row_number() over (
                partition by _delivery, _rejected is null, {keys} order by file_row_number
            ) end as _place,
        from read_parquet([{files}], filename = true, file_row_number = true) as read
        inner join arrived_file on read.filename = arrived_file.file
        """
    )


def _keep(extraction: Extraction, before: str) -> None:
    """Write the rows of the deliveries that arrived. Where a corrected one has a key in a rejected
    row alone, its good row from before serves until a better one comes.
    """
    path = row_file(extraction)
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = ", ".join(quoted(key) for key in extraction.landed.keys)
    codes = ", ".join(quoted(column.code) for column in extraction.landed.columns)
    extraction.duck.execute(
        f"""
        copy (
            select {codes}, _position, _delivery
            from (
                select *, 0 as _part from arrival where _place = 1
                union all by name
                select *, 1 as _part
                from ({before})
                semi join (from arrival where _place is null) using (_delivery, {keys})
                anti join (from arrival where _place = 1) using (_delivery, {keys})
            )
            order by _part, _delivery, _row
        ) to {literal(str(path))} {PARQUET}
        """
    )
    landing.make_durable(extraction.attempt.settings, path)


def _rows(extraction: Extraction, deliveries: Sequence[Delivery]) -> str:
    """SQL of the rows of some deliveries under the registry's types, with ``_delivery``."""
    duck, table = extraction.duck, extraction.landed
    files = sorted({one.rows for one in deliveries})
    landing.refuse_missing(extraction.attempt.settings, table.system_code, table.table_code, files)
    parts = []
    for number, file in enumerate(files):
        path = extraction.attempt.settings.landing / file
        described = duck.execute(f"describe from read_parquet({literal(str(path))})").fetchall()
        has = {str(name) for name, *_ in described}
        values = ", ".join(
            f"try_cast({quoted(column.code) if column.code in has else 'null'} as "
            f"{sql_type(column.type)}) as {quoted(column.code)}"
            for column in table.columns
        )
        listed = ", ".join(literal(one.name) for one in deliveries if one.rows == file)
        parts.append(
            f"select {values}, _position, _delivery from read_parquet({literal(str(path))}) "
            f"as rows_{number} where _delivery in ({listed})"
        )
    nothing = ", ".join(
        f"null::{sql_type(column.type)} as {quoted(column.code)}" for column in table.columns
    )
    empty = f"select {nothing}, null::varchar as _position, null::varchar as _delivery where false"
    present = " and ".join(f"{quoted(key)} is not null" for key in table.keys)
    return f"select * from ({' union all '.join(parts) or empty}) where {present}"


def _write_together(extraction: Extraction, catalogue: Catalogue) -> None:
    """Keep the rows of all standing deliveries in one file, where they are in too many."""
    if len({one.rows for one in catalogue.standing}) <= _ROW_FILES:
        return
    path = row_file(extraction).with_suffix(".all.parquet")
    extraction.duck.execute(
        f"copy ({_rows(extraction, catalogue.standing)}) to {literal(str(path))} {PARQUET}"
    )
    landing.make_durable(extraction.attempt.settings, path)
    for one in catalogue.standing:
        catalogue.take(replace(one, rows=landing.relative(extraction.attempt.settings, path)))


def _broken(extraction: Extraction, taken: Sequence[Arrival]) -> Path | None:
    """The records of all deliveries that are no rows, as one file."""
    parts = [
        f"select {literal(arrival.delivery.name)} || ':' || line as line, raw, reason "
        f"from {read_csv(arrival.broken, ('line', 'raw', 'reason'))}"
        for arrival in taken
        if arrival.broken is not None and arrival.rows_broken
    ]
    if not parts:
        return None
    path = extraction.work / "broken.csv"
    extraction.duck.execute(
        f"copy ({' union all '.join(parts)}) to {literal(str(path))} "
        "(format csv, header false, delimiter ',', quote '\"', escape '\"', force_quote *)"
    )
    return path


def row_file(extraction: Extraction) -> Path:
    """Where the rows of the deliveries taken in this batch are."""
    return extraction.attempt.path(landing.state).with_suffix(".rows.parquet")
