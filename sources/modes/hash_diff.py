"""Mode ``hash_diff``: the table is read whole, and only rows whose hash changed go any further.

For sources that say neither when a row changed nor that one is gone. The state, one hash per key of
the values as the source gave them, lies beside the segments and belongs to one batch; it is a
shortcut and no truth: without it every row is compared with what has landed. Keep out: that
comparison (``changes.py``).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources import landing
from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Reading
from sources.connectors.base import LINE_COLUMN
from sources.content import Content, table_content
from sources.modes.extraction import Extraction
from sources.relation import current_rows
from sources.segment import PARQUET

STATE = "state"
# What the hashes depend on beside the rows.
_MADE_BY = "state_made_by"


def extract_hash_diff(extraction: Extraction) -> Receipt:
    """Land the rows that differ from those of the batch before; the whole table at first.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    landed = extraction.landed
    content = table_content(extraction.attempt.engine, landed.system_code, landed.table_code)
    known = content.batches[-1].position if content.batches else {}
    reading = extraction.read()
    made_by = _made_by(extraction, reading)
    state = _state(extraction, known, made_by)
    look = extraction.work / "look.parquet"
    looked = _look(extraction, reading, state, look)
    if state is not None and _repeats(extraction, look):
        # One hash per key cannot tell which of two rows with that key is meant.
        state = None
        reading = extraction.read()
        looked = _look(extraction, reading, None, look)
    _count(extraction, reading, looked)
    changed = replace(reading, sql=_changed(extraction, reading, look), rows_good=None)
    rows = extraction.into(extraction.scratch, changed)
    position = {} if _repeats(extraction, look) else _keep(extraction, look, made_by)
    if content.base is None:
        receipt = land(
            extraction.attempt,
            extraction.duck,
            reading=changed,
            rows=rows,
            position=lambda _: position,
        )
    else:
        receipt = land_changes(
            extraction.attempt,
            extraction.duck,
            content=content,
            reading=changed,
            rows=rows,
            deleted=_gone(extraction, content, look, state),
            rows_passed=looked - rows,
            position=lambda _: position,
        )
    _forget(extraction, position)
    return receipt


def diff_query(
    *, source: str, state: Path | None, keys: list[str], values: list[str], kept: list[str]
) -> str:
    """SQL of one look at a source: keys, ``_hash``, ``_is_changed``, and for changed rows alone the
    columns ``kept``. ``values`` are what the hash is of.
    """
    listed = ", ".join(f"new.{quoted(key)}" for key in keys)
    hashed = f"hash({', '.join(f'new.{quoted(value)}' for value in values)})"
    join = ""
    changed = "true"
    if state is not None:
        same = " and ".join(f"new.{quoted(key)} = old.{quoted(key)}" for key in keys)
        join = f"left join read_parquet({literal(str(state))}) as old on {same}"
        changed = "new._hash is distinct from old._hash"
    others = ", ".join(
        f"case when {changed} then new.{quoted(name)} end as {quoted(name)}"
        for name in kept
        if name not in keys
    )
    return f"""
        select {listed}, new._hash, {changed} as _is_changed{f", {others}" if others else ""}
        from (select new.*, {hashed} as _hash from ({source}) as new) as new
        {join}
    """


def _columns(extraction: Extraction, reading: Reading) -> list[tuple[str, str]]:
    described = extraction.duck.execute(f"describe {reading.sql}").fetchall()
    return [(str(name), str(kind)) for name, kind, *_ in described]


def _look(extraction: Extraction, reading: Reading, state: Path | None, look: Path) -> int:
    names = [name for name, _ in _columns(extraction, reading)]
    query = diff_query(
        source=reading.sql,
        state=state,
        keys=list(extraction.table.keys),
        values=[name for name in names if name != LINE_COLUMN],
        kept=names,
    )
    try:
        found = extraction.duck.execute(
            f"copy ({query}) to {literal(str(look))} {PARQUET}"
        ).fetchone()
    except duckdb.Error as error:
        raise extraction.session.explained(extraction.table, error) from None
    return int(found[0]) if found else 0


def _count(extraction: Extraction, reading: Reading, looked: int) -> None:
    if reading.rows_good is not None and reading.rows_good != looked:
        raise extraction.session.table_error(
            extraction.table,
            f"was read in two ways that disagree: {reading.rows_good} records counted, "
            f"{looked} rows read",
            remedy="Nothing was landed. Keep the file and report it as a defect of citybase.",
        )


def _repeats(extraction: Extraction, look: Path) -> bool:
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    found = extraction.duck.execute(
        f"select count(*) - count(distinct hash({keys})) from read_parquet({literal(str(look))})"
    ).fetchone()
    return bool(found and found[0])


def _changed(extraction: Extraction, reading: Reading, look: Path) -> str:
    names = ", ".join(quoted(name) for name, _ in _columns(extraction, reading))
    return f"select {names} from read_parquet({literal(str(look))}) where _is_changed"


def _gone(extraction: Extraction, content: Content, look: Path, state: Path | None) -> str:
    """SQL of the keys that had landed and are in the source no more."""
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    looked = f"read_parquet({literal(str(look))})"
    narrow = extraction.table.model_copy(
        update={"columns": [extraction.table.column(key) for key in extraction.table.keys]}
    )
    file = extraction.work / "gone.parquet"
    landed = replace(
        extraction.landed,
        columns=tuple(c for c in extraction.landed.columns if c.code in narrow.keys),
        watermark=None,
    )
    if state is not None:
        source = f"select {keys} from read_parquet({literal(str(state))})"
        query = f"select *, null::varchar as {LINE_COLUMN} from ({source}) anti join {looked} "
        extraction.into(file, Reading(sql=f"{query} using ({keys})"), landed=landed)
        return f"select {keys} from read_parquet({literal(str(file))})"
    query = f"select {keys}, null::varchar as {LINE_COLUMN} from {looked}"
    extraction.into(file, Reading(sql=query), landed=landed)
    current = current_rows(extraction.attempt.settings, extraction.landed, content)
    there = f"read_parquet({literal(str(file))})"
    return f"select {keys} from ({current}) anti join {there} using ({keys})"


def _made_by(extraction: Extraction, reading: Reading) -> str:
    """DuckDB's hash may be another one in its next version, and of other columns it is."""
    columns = " ".join(f"{name}:{kind}" for name, kind in _columns(extraction, reading))
    found = extraction.duck.execute(
        f"select md5({literal(f'{duckdb.__version__} {columns}')})"
    ).fetchone()
    return str(found[0]) if found else ""


def _state(extraction: Extraction, known: Mapping[str, str], made_by: str) -> Path | None:
    if STATE not in known or known.get(_MADE_BY) != made_by:
        return None
    path = extraction.attempt.settings.landing / known[STATE]
    return path if path.is_file() else None


def _keep(extraction: Extraction, look: Path, made_by: str) -> Mapping[str, str]:
    """Write the state that the next extraction compares with; it counts once its batch does."""
    path = extraction.attempt.path(landing.state)
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    extraction.duck.execute(
        f"copy (select {keys}, _hash from read_parquet({literal(str(look))})) "
        f"to {literal(str(path))} {PARQUET}"
    )
    landing.make_durable(extraction.attempt.settings, path)
    return {STATE: landing.relative(extraction.attempt.settings, path), _MADE_BY: made_by}


def _forget(extraction: Extraction, position: Mapping[str, str]) -> None:
    """Remove the states of earlier batches, and of attempts that never committed."""
    kept = position.get(STATE, "")
    folder = extraction.attempt.path(landing.state).parent
    for file in folder.glob("*.parquet"):
        if landing.relative(extraction.attempt.settings, file) != kept:
            file.unlink()
