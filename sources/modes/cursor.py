"""Mode ``cursor``: rows at or after the last cursor value, an overlap again, and keys now and then.

A cursor alone misses what was committed late, what bears an older time, and every delete. So an
overlap is read again (what had landed just so is passed over), and every ``reconcile_hours`` all
keys are compared with their cursor values. A row changed without its cursor is seen by no cursor:
``hash_diff`` is for such tables. Keep out: the comparison with what has landed (``changes.py``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from citybase.duck import literal, quoted
from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Window
from sources.content import Content
from sources.contract import sql_type
from sources.modes.extraction import Extraction
from sources.relation import current_rows
from sources.segment import Measure
from sources.tables import landed_table

CURSOR = "cursor"
RECONCILED_AT = "reconciled_at"
# The registry's timestamps are the city's own time.
_ZONE = ZoneInfo("Asia/Shanghai")


def extract_cursor(extraction: Extraction) -> Receipt:
    """Land what is new at or after the cursor; the whole table when there is no cursor yet, or when
    it is another source than before.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    content = extraction.content()
    known = content.batches[-1].position if content.batches else {}
    since, reconciled_at = known.get(CURSOR), extraction.attempt.started_at.isoformat()
    if since is None:
        reading = extraction.read()
        rows = extraction.into(extraction.scratch, reading)
        return land(
            extraction.attempt,
            extraction.duck,
            reading=reading,
            rows=rows,
            position=lambda found: {
                **cursor_position(extraction, found, {}),
                RECONCILED_AT: reconciled_at,
            },
        )
    window: Window | None = Window(extraction.table.column(_cursor(extraction)), since)
    deleted, compares = None, is_due(extraction, known)
    if compares:
        deleted, has_late = _reconciled(extraction, content)
        window = None if has_late else window
    if window is not None:
        window = Window(window.column, window_start(extraction, since))
    reading = extraction.read(window=window)
    rows = extraction.into(extraction.scratch, reading)
    return land_changes(
        extraction.attempt,
        extraction.duck,
        content=content,
        reading=reading,
        rows=rows,
        deleted=deleted,
        position=lambda found: {
            **cursor_position(extraction, found, known),
            RECONCILED_AT: reconciled_at if compares else known[RECONCILED_AT],
        },
    )


def _cursor(extraction: Extraction) -> str:
    if extraction.table.cursor is None:
        raise AssertionError("the contract gives every table in mode cursor one")
    return extraction.table.cursor


def window_start(extraction: Extraction, since: str) -> str:
    """The cursor value where the overlap begins."""
    kind = extraction.table.column(_cursor(extraction)).type
    overlap = extraction.table.cursor_overlap
    step = {
        "timestamp": f"to_seconds({overlap})",
        "date": f"to_days({overlap})",
    }.get(kind, str(overlap))
    value = f"cast({literal(since)} as {sql_type(kind)}) - {step}"
    if kind == "date":
        value = f"cast({value} as date)"
    found = extraction.duck.execute(f"select cast({value} as varchar)").fetchone()
    return str(found[0]) if found else since


def cursor_position(
    extraction: Extraction, found: Measure, known: Mapping[str, str]
) -> Mapping[str, str]:
    """Where the next extraction begins. It never goes back, and never beyond the clock: one row
    dated into the future would hide all that come before it.
    """
    values = [value for value in (known.get(CURSOR), found.max_watermark) if value is not None]
    if extraction.table.cursor is None or not values:
        return {}
    kind = extraction.table.column(extraction.table.cursor).type
    typed = [f"cast({literal(value)} as {sql_type(kind)})" for value in values]
    newest = f"greatest({', '.join(typed)})"
    if kind in {"timestamp", "date"}:
        now = extraction.attempt.started_at.replace(tzinfo=UTC).astimezone(_ZONE)
        clock = literal(now.replace(tzinfo=None).isoformat(sep=" "))
        newest = f"least({newest}, cast({clock}::timestamp as {sql_type(kind)}))"
    row = extraction.duck.execute(f"select cast({newest} as varchar)").fetchone()
    return {CURSOR: str(row[0]) if row else values[-1]}


def is_due(extraction: Extraction, known: Mapping[str, str]) -> bool:
    """Whether it is time to compare all keys again."""
    last = known.get(RECONCILED_AT)
    if not last:
        return True
    due = datetime.fromisoformat(last) + timedelta(hours=extraction.table.reconcile_hours)
    return extraction.attempt.started_at >= due


def _reconciled(extraction: Extraction, content: Content) -> tuple[str, bool]:
    """Compare all keys: SQL of those the source no longer has, and whether it has rows that differ
    from what landed although their cursor lies before the window.
    """
    table = extraction.table
    wanted = {*table.keys, _cursor(extraction)}
    part = table.model_copy(
        update={"columns": [column for column in table.columns if column.column in wanted]}
    )
    landed = landed_table(extraction.session.system, part)
    file = extraction.work / "keys.parquet"
    extraction.into(file, extraction.read(part), landed=landed)
    keys = ", ".join(quoted(key) for key in table.keys)
    current = current_rows(extraction.attempt.settings, extraction.landed, content)
    source = f"read_parquet({literal(str(file))})"
    mark = quoted(_cursor(extraction))
    # A rejected row is in neither: it stands in quarantine until its cursor moves.
    late = extraction.duck.execute(
        f"""
        select count(*)
        from {source} as new
        left join ({current}) as old using ({keys})
        where new._rejected is null
            and (old._batch_id is null or new.{mark} is distinct from old.{mark})
        """
    ).fetchone()
    gone = f"select {keys} from ({current}) anti join {source} using ({keys})"
    return gone, bool(late and late[0])
