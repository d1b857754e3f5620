"""Mode ``http``: what an interface has changed since the token of the batch before.

The token of the next time is committed with the rows; it is the one of the first answer, so that
what was written while the list was read comes again. A row that is gone says so itself
(``deleted:``), or is missed when all keys are compared every ``reconcile_hours``. Keep out:
requests and pages (``connectors/http_pages.py``) and the comparison with what has landed
(``changes.py``).
"""

from collections.abc import Mapping
from dataclasses import replace

from citybase.duck import literal, quoted
from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Reading
from sources.connectors.base import LINE_COLUMN
from sources.connectors.http import DELETED_COLUMN, PLACE_COLUMN, HttpSession, Listing
from sources.content import Content, table_content
from sources.modes.cursor import RECONCILED_AT, is_due
from sources.modes.extraction import Extraction
from sources.relation import current_rows

SINCE = "since"
_ASKED = "asked_for"
_MODE = "http"


def extract_http(extraction: Extraction) -> Receipt:
    """Land what changed since the last token; the whole list at first and when all is compared.

    Raises:
        SourceError: the list cannot be read or does not fit the registry.
    """
    session, landed = extraction.session, extraction.landed
    if not isinstance(session, HttpSession):
        raise TypeError("the contract gives this mode to http interfaces alone")
    content = table_content(extraction.attempt.engine, landed.system_code, landed.table_code)
    known = _known(extraction, content)
    is_whole = SINCE not in known or (
        extraction.table.deleted is None and is_due(extraction, known)
    )
    since = None if is_whole else known[SINCE]
    listing = session.listing(extraction.table, work=extraction.work, since=since)
    live = _of(extraction, listing, is_whole=is_whole, is_deleted=False)
    reading = Reading(
        sql=f"select * exclude ({PLACE_COLUMN}, {DELETED_COLUMN}) from ({live})",
        position={"requests": str(listing.requests), "readings": str(listing.readings)},
        broken=listing.broken,
        rows_broken=listing.rows_broken,
    )
    rows = extraction.into(extraction.scratch, reading)
    position = {
        _ASKED: extraction.asked_for,
        SINCE: _next(extraction, session, listing, since),
        RECONCILED_AT: extraction.attempt.started_at.isoformat()
        if is_whole
        else known[RECONCILED_AT],
    }
    if not known:
        return land(
            extraction.attempt,
            extraction.duck,
            reading=reading,
            rows=rows,
            position=lambda _: position,
        )
    gone, tombstones = _tombstones(extraction, listing, is_whole=is_whole)
    return land_changes(
        extraction.attempt,
        extraction.duck,
        content=content,
        reading=reading,
        rows=rows,
        deleted=_missed(extraction, content) if is_whole else gone,
        rows_passed=listing.rows - rows - tombstones,
        position=lambda _: position,
    )


def _known(extraction: Extraction, content: Content) -> Mapping[str, str]:
    """The position of the batch before. Nothing, where another mode made it, it asked for other
    columns, or landed files are damaged: then the whole list is due.
    """
    last = content.batches[-1] if content.base is not None else None
    if last is None or last.mode != _MODE or last.position.get(_ASKED) != extraction.asked_for:
        return {}
    if not extraction.is_intact(content):
        return {}
    return last.position


def _of(extraction: Extraction, listing: Listing, *, is_whole: bool, is_deleted: bool) -> str:
    """SQL of the live records, or of those that say they are gone. Of several changes of one key
    the last counts; two records of one key in a whole list are two rows, and one is too many.
    """
    source = f"read_parquet({literal(str(listing.file))})"
    if not is_whole:
        keys = [quoted(key) for key in extraction.table.keys]
        lacking = " or ".join(f"{key} is null" for key in keys)
        source = f"""(
            select * exclude (_age)
            from (
                select
                    *,
                    row_number() over (
                        partition by {", ".join(keys)} order by {PLACE_COLUMN} desc
                    ) as _age,
                from {source}
            )
            where _age = 1 or {lacking}
        )"""
    wanted = DELETED_COLUMN if is_deleted else f"not {DELETED_COLUMN}"
    return f"select * from {source} where {wanted} order by {PLACE_COLUMN}"


def _tombstones(extraction: Extraction, listing: Listing, *, is_whole: bool) -> tuple[str, int]:
    """SQL of the keys that the interface says are gone, and how many records say so."""
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    file = extraction.work / "gone.parquet"
    landed = replace(
        extraction.landed,
        columns=tuple(c for c in extraction.landed.columns if c.code in extraction.table.keys),
        watermark=None,
    )
    said = _of(extraction, listing, is_whole=is_whole, is_deleted=True)
    reading = Reading(sql=f"select {keys}, {LINE_COLUMN} from ({said})")
    rows = extraction.into(file, reading, landed=landed)
    return f"select {keys} from read_parquet({literal(str(file))})", rows


def _missed(extraction: Extraction, content: Content) -> str:
    """SQL of the keys that had landed and that a whole list does not have. A rejected row is no
    reason to delete the good one before it.
    """
    keys = ", ".join(quoted(key) for key in extraction.table.keys)
    current = current_rows(extraction.attempt.settings, extraction.landed, content)
    scratch = f"read_parquet({literal(str(extraction.scratch))})"
    return f"select {keys} from ({current}) anti join {scratch} using ({keys})"


def _next(extraction: Extraction, session: HttpSession, listing: Listing, since: str | None) -> str:
    """The token of next time. An answer without records may leave it out."""
    if listing.since is not None:
        return listing.since
    if since is not None and listing.rows + listing.rows_broken == 0:
        return since
    raise session.table_error(
        extraction.table,
        "says nowhere in its answer how to ask for changes the next time",
        remedy="Correct `since:` of the connection, `answer:`; or write `mode: hash_diff`. "
        f"{session.owner}",
    )
