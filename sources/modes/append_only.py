"""Mode ``append_only``: rows are only ever added, as in a register of events.

With a cursor only rows at or after it are read; known rows are passed over, and one that is
otherwise than it was goes to quarantine, because the department promised that this never happens.
Keep out: the comparison with what has landed (``changes.py``).
"""

from sources.attempt import Receipt, land
from sources.changes import land_changes
from sources.connectors import Window
from sources.modes.cursor import CURSOR, cursor_position, window_start
from sources.modes.extraction import Extraction


def extract_append_only(extraction: Extraction) -> Receipt:
    """Land the rows whose key has not landed before; at first, all of them as a base.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    content = extraction.content()
    known = content.batches[-1].position if content.batches else {}
    window = None
    if extraction.table.cursor is not None and CURSOR in known:
        column = extraction.table.column(extraction.table.cursor)
        window = Window(column, window_start(extraction, known[CURSOR]))
    reading = extraction.read(window=window)
    rows = extraction.into(extraction.scratch, reading)
    if not content.batches:
        return land(
            extraction.attempt,
            extraction.duck,
            reading=reading,
            rows=rows,
            position=lambda found: cursor_position(extraction, found, {}),
        )
    return land_changes(
        extraction.attempt,
        extraction.duck,
        content=content,
        reading=reading,
        rows=rows,
        deleted=None,
        position=lambda found: cursor_position(extraction, found, known),
    )
