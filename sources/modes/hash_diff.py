"""Mode ``hash_diff``: the table is read whole, and only rows whose hash changed go any further.

For sources that say neither when a row changed nor that one is gone. The state, one hash per key of
the values as the source gave them, lies beside the segments and belongs to one batch; it is a
shortcut and no truth: without it every row is compared with what has landed. Keep out: that
comparison (``changes.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from citybase.duck import literal, quoted
from sources import landing
from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Reading
from sources.connectors.base import LINE_COLUMN
from sources.content import Content
from sources.modes.extraction import Extraction
from sources.relation import current_rows
from sources.segment import PARQUET, count_rows

STATE = "state"
# What the hashes depend on beside the rows.
_MADE_BY = "state_made_by"
# Of what a look found, the rows that the source has.
_IS_CHANGED = "not _is_end"


@dataclass(frozen=True)
class Found:
    """What became of a table: a reading of the ``rows`` to land out of those ``looked`` at, SQL of
    the keys that are ``gone`` (None before the first base), and the ``position`` with the next
    state.
    """

    changed: Reading
    rows: int
    looked: int
    gone: str | None
    position: Mapping[str, str]


@dataclass(frozen=True)
class Look:
    """What one look at a source found: ``file`` has the rows that differ from those of ``state``,
    all of them without one, and under their keys those that are gone. ``rows`` were looked at,
    ``changed`` are in the file.
    """

    file: Path
    state: Path | None
    made_by: str
    rows: int
    changed: int
    repeats: bool


def extract_hash_diff(extraction: Extraction) -> Receipt:
    """Land the rows that differ from those of the batch before; the whole table at first.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    content = extraction.content()
    found = find_changes(extraction, content)
    rows = extraction.into(extraction.scratch, found.changed)
    if content.base is None:
        receipt = land(
            extraction.attempt,
            extraction.duck,
            reading=found.changed,
            rows=rows,
            position=lambda _: found.position,
        )
    else:
        receipt = land_changes(
            extraction.attempt,
            extraction.duck,
            content=content,
            reading=found.changed,
            rows=rows,
            deleted=found.gone,
            rows_passed=found.looked - rows,
            position=lambda _: found.position,
        )
    _forget(extraction, found.position)
    return receipt


def find_changes(extraction: Extraction, content: Content) -> Found:
    """Read the source once and compare it with the state of the batch before, or with nothing; the
    next state is written.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    known = content.batches[-1].position if content.batches else {}
    reading = extraction.read()
    look = take_look(extraction, reading, known)
    if look.state is not None and look.repeats:
        # One hash per key cannot tell which of two rows with that key is meant.
        reading = extraction.read()
        look = take_look(extraction, reading, {})
    names = ", ".join(quoted(name) for name, _ in _columns(extraction, reading))
    query = f"select {names} from {_file(look.file)} where {_IS_CHANGED}"
    return Found(
        changed=replace(reading, sql=query, rows_good=None),
        rows=look.changed,
        looked=look.rows,
        gone=_gone(extraction, content, look) if content.base is not None else None,
        position={} if look.repeats else keep_state(extraction, look),
    )


def diff_query(*, source: str, state: Path | None, keys: list[str], values: list[str]) -> str:
    """SQL of one look at a source: the rows whose hash of ``values`` the state has not, under
    ``_hash`` and whether it knows their key (``_is_known``); the keys that only the state has, with
    ``_is_end`` null; and one row more with ``_is_end`` true, whose ``_place`` is behind all rows of
    the source: so they are counted without being written.
    """
    hashed = f"hash({', '.join(quoted(value) for value in values)})"
    if state is None:
        return f"""
            select
                *,
                {hashed} as _hash,
                false as _is_known,
                row_number() over () as _place,
                false as _is_end,
            from ({source})
        """
    same = " and ".join(f"new.{quoted(key)} = old.{quoted(key)}" for key in keys)
    replaced = ", ".join(
        f"coalesce(new.{quoted(key)}, old.{quoted(key)}) as {quoted(key)}" for key in keys
    )
    return f"""
        select
            new.* replace ({replaced}),
            old._hash is not null as _is_known,
        from (
            select *, {hashed} as _hash, row_number() over () as _place,
            from (
                select *, false as _is_end from ({source})
                union all by name
                select true as _is_end
            )
        ) as new
        full join {_file(state)} as old on {same}
        where new._hash is distinct from old._hash
    """


def take_look(extraction: Extraction, reading: Reading, known: Mapping[str, str]) -> Look:
    """Run a read and compare it with the state that the position ``known`` names, if it still is.

    Raises:
        SourceError: the read broke, or two counts of it disagree.
    """
    columns = _columns(extraction, reading)
    made_by = _made_by(extraction, columns)
    state = _state(extraction, known, made_by)
    file = extraction.work / "look.parquet"
    query = diff_query(
        source=reading.sql,
        state=state,
        keys=list(extraction.table.keys),
        values=[name for name, _ in columns if name != LINE_COLUMN],
    )
    # What a source holds nobody has estimated: the state is what may be kept in memory.
    extraction.duck.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        extraction.duck.execute(f"copy ({query}) to {literal(str(file))} {PARQUET}")
    except duckdb.Error as error:
        raise extraction.session.explained(extraction.table, error) from None
    finally:
        extraction.duck.execute("reset disabled_optimizers")
    rows, changed, repeats = _counted(extraction, file, state)
    if reading.rows_good is not None and reading.rows_good != rows:
        raise extraction.session.table_error(
            extraction.table,
            f"was read in two ways that disagree: {reading.rows_good} records counted, "
            f"{rows} rows read",
            remedy="Nothing was landed. Keep the file and report it as a defect of citybase.",
        )
    return Look(file, state, made_by, rows, changed, repeats)


def _counted(extraction: Extraction, file: Path, state: Path | None) -> tuple[int, int, bool]:
    """How many rows the source has, how many are in the file, and whether two share a key.

    The keys of the state are single. Of those neither gone nor changed each has one row that is as
    it was; one row more or less, and a key stands twice.
    """
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    rows, behind, ends, gone, changed, known, distinct = extraction.duck.execute(
        f"""
        select
            count(*),
            max(_place) filter (where _is_end),
            count(*) filter (where _is_end),
            count(*) filter (where _is_end is null),
            count(*) filter (where {_IS_CHANGED}),
            count(*) filter (where {_IS_CHANGED} and _is_known),
            count(distinct hash({keys})) filter (where {_IS_CHANGED}),
        from {_file(file)}
        """
    ).fetchone() or (0, 0, 0, 0, 0, 0, 0)
    if state is None:
        return rows, rows, distinct != rows
    looked = behind - 1 if ends == 1 else 0
    kept = count_rows([state], duck=extraction.duck) - gone - known
    return looked, changed, distinct != changed or looked - changed != kept


def _columns(extraction: Extraction, reading: Reading) -> list[tuple[str, str]]:
    described = extraction.duck.execute(f"describe {reading.sql}").fetchall()
    return [(str(name), str(kind)) for name, kind, *_ in described]


def _file(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _gone(extraction: Extraction, content: Content, look: Look) -> str:
    """SQL of the keys that had landed and are in the source no more."""
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    file = extraction.work / "gone.parquet"
    landed = replace(
        extraction.landed,
        columns=tuple(c for c in extraction.landed.columns if c.code in extraction.table.keys),
        watermark=None,
    )
    wanted = _IS_CHANGED if look.state is None else "_is_end is null"
    query = f"select {keys}, null::varchar as {LINE_COLUMN} from {_file(look.file)} where {wanted}"
    extraction.into(file, Reading(sql=query), landed=landed)
    if look.state is not None:
        return f"select {keys} from {_file(file)}"
    current = current_rows(extraction.attempt.settings, extraction.landed, content)
    return f"select {keys} from ({current}) anti join {_file(file)} using ({keys})"


def _made_by(extraction: Extraction, columns: list[tuple[str, str]]) -> str:
    """DuckDB's hash may be another one in its next version, and of other columns it is."""
    listed = " ".join(f"{name}:{kind}" for name, kind in columns)
    found = extraction.duck.execute(
        f"select md5({literal(f'{duckdb.__version__} {listed}')})"
    ).fetchone()
    return str(found[0]) if found else ""


def _state(extraction: Extraction, known: Mapping[str, str], made_by: str) -> Path | None:
    if STATE not in known or known.get(_MADE_BY) != made_by:
        return None
    path = extraction.attempt.settings.landing / known[STATE]
    return path if path.is_file() else None


def keep_state(extraction: Extraction, look: Look) -> Mapping[str, str]:
    """Write the state that the next extraction compares with; it counts once its batch does. It is
    the state before with what the look found, so that no row is read again.
    """
    path = extraction.attempt.path(landing.state)
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    query = f"select {keys}, _hash from {_file(look.file)} where {_IS_CHANGED}"
    if look.state is not None:
        same = " and ".join(
            f"old.{quoted(key)} is not distinct from new.{quoted(key)}"
            for key in extraction.table.keys
        )
        query += f"""
            union all
            select {keys}, _hash
            from {_file(look.state)} as old
            anti join (from {_file(look.file)} where not coalesce(_is_end, false)) as new on {same}
        """
    extraction.duck.execute(f"copy ({query}) to {literal(str(path))} {PARQUET}")
    landing.make_durable(extraction.attempt.settings, path)
    return {STATE: landing.relative(extraction.attempt.settings, path), _MADE_BY: look.made_by}


def _forget(extraction: Extraction, position: Mapping[str, str]) -> None:
    """Remove the states of earlier batches, and of attempts that never committed."""
    kept = position.get(STATE, "")
    folder = extraction.attempt.path(landing.state).parent
    for file in folder.glob("*.parquet"):
        if landing.relative(extraction.attempt.settings, file) != kept:
            file.unlink()
