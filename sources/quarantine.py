"""The rows that did not land: one row per rejected value, with everything needed to correct it.

Keep out: judging values (``conversion.py``) and when it happens (``extract.py``).
"""

from collections.abc import Mapping
from pathlib import Path

from citybase.duck import literal, quoted
from sources.connectors.transcribe import read_csv
from sources.tables import LandedTable

DUPLICATE_KEY = "duplicate_key"

# What a quarantine segment holds. `row_number` counts the rows of one batch: a row with two bad
# values stands here twice under one number. `row_key` and `raw_row` are JSON.
COLUMNS = {
    "system_code": "varchar",
    "table_code": "varchar",
    "row_number": "bigint",
    "position": "varchar",
    "row_key": "varchar",
    "column_code": "varchar",
    "raw_value": "varchar",
    "reason": "varchar",
    "raw_row": "varchar",
    "_batch_id": "bigint",
}

# The shape of `_rejected`, the hidden column of a scratch segment: null for a good row.
_REJECTED_VALUES = '[{"column":"VARCHAR","raw":"VARCHAR","reason":"VARCHAR"}]'


def rejected_expression(
    table: LandedTable, problems: Mapping[str, str], raw: Mapping[str, str], *, suspect: str
) -> str:
    """SQL for ``_rejected``: JSON of the raw row, its key and its bad values, or null.

    Per column code ``problems`` gives the SQL of its reason, ``raw`` that of its value as read;
    ``suspect`` is true of every row that has a problem.
    """
    if not problems:
        return "null::varchar"
    values = ", ".join(
        f"case when {reason} is not null then {{'column': {literal(code)}, "
        f"'raw': cast({raw[code]} as varchar), 'reason': {reason}}} end"
        for code, reason in problems.items()
    )
    return (
        f"case when {suspect} then cast(to_json({{"
        f"'key': {_struct({key: raw[key] for key in table.keys})}, "
        f"'row': {_struct(raw)}, "
        f"'values': list_filter([{values}], lambda v: v is not null)}}) as varchar) end"
    )


def quarantine_query(
    table: LandedTable, *, scratch: Path, broken: Path | None, rows_good: int, batch_id: int
) -> str:
    """SQL that yields the quarantine rows of a batch, in the order of ``COLUMNS``.

    Needs the temporary table ``repeated(file_row_number)`` of rows whose key came before.
    """
    source = f"read_parquet({literal(str(scratch))}, file_row_number = true)"
    parts = [
        f"""
        select
            file_row_number + 1 as row_number,
            _position as position,
            json_extract(_rejected, '$.key')::varchar as row_key,
            found."column" as column_code,
            found.raw as raw_value,
            found.reason as reason,
            json_extract(_rejected, '$.row')::varchar as raw_row,
        from (
            select
                file_row_number,
                _position,
                _rejected,
                unnest(from_json(
                    json_extract(_rejected, '$.values'), {literal(_REJECTED_VALUES)}
                )) as found,
            from {source}
            where _rejected is not null
        )"""
    ]
    if table.keys:
        joined = ", ".join(f"cast({quoted(key)} as varchar)" for key in table.keys)
        parts.append(f"""
        select
            file_row_number + 1,
            _position,
            cast(to_json({_struct({key: quoted(key) for key in table.keys})}) as varchar),
            {literal(", ".join(table.keys))},
            concat_ws('|', {joined}),
            {literal(DUPLICATE_KEY)},
            cast(to_json({_struct({c.code: quoted(c.code) for c in table.columns})}) as varchar),
        from {source}
        where file_row_number in (select file_row_number from repeated)""")
    if broken is not None:
        parts.append(f"""
        select
            {rows_good} + row_number() over (),
            line,
            null,
            null,
            raw,
            reason,
            cast(to_json(raw) as varchar),
        from {read_csv(broken, ("line", "raw", "reason"))}""")
    union = "\n        union all\n".join(parts)
    return f"""
    select
        {literal(table.system_code)} as system_code,
        {literal(table.table_code)} as table_code,
        found.*,
        {batch_id}::bigint as _batch_id,
    from ({union}
    ) as found"""


def _struct(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{literal(code)}: {value}" for code, value in values.items()) + "}"
