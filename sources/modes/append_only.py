"""Mode ``append_only``: rows are only ever added, as in a register of events.

With a cursor only rows at or after it are read; known rows are passed over, and one that is
otherwise than it was goes to quarantine, because the department promised that this never happens.
Keep out: the comparison with what has landed (``changes.py``).
"""

from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Window
from sources.content import table_content
from sources.modes.cursor import CURSOR, cursor_position, window_start
from sources.modes.extraction import Extraction


def extract_append_only(extraction: Extraction) -> Receipt:
    """Land the rows whose key has not landed before; of another source than before the whole table.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    landed = extraction.landed
    content = table_content(extraction.attempt.engine, landed.system_code, landed.table_code)
    known = extraction.known_position(content)
    if not content.batches or (content.batches[-1].position and not known):
        return _whole(extraction)
    window = None
    if extraction.table.cursor is not None and CURSOR in known:
        column = extraction.table.column(extraction.table.cursor)
        window = Window(column, window_start(extraction, known[CURSOR]))
    reading = extraction.read(window=window)
    rows = extraction.into(extraction.scratch, reading)
    return land_changes(
        extraction.attempt,
        extraction.duck,
        content=content,
        reading=reading,
        rows=rows,
        deleted=None,
        position=lambda found: extraction.with_source(cursor_position(extraction, found, known)),
    )


def _whole(extraction: Extraction) -> Receipt:
    """The first time, and when another source has taken the place of the one before."""
    reading = extraction.read()
    rows = extraction.into(extraction.scratch, reading)
    return land(
        extraction.attempt,
        extraction.duck,
        reading=reading,
        rows=rows,
        position=lambda found: extraction.with_source(cursor_position(extraction, found, {})),
    )
