"""Mode ``full``: the whole table, each time, as a new base.

What says the same as the base before shares its files. Keep out: comparing rows (``hash_diff.py``).
"""

from sources.attempt import Receipt, land
from sources.modes.extraction import Extraction


def extract_full(extraction: Extraction) -> Receipt:
    """Land the whole content of the table as one base.

    Raises:
        SourceError: the table cannot be read or does not fit the registry.
    """
    reading = extraction.read()
    rows = extraction.into(extraction.scratch, reading)
    return land(extraction.attempt, extraction.duck, reading=reading, rows=rows)
