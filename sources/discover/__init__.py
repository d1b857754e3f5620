"""From a database to a drafted registry file: reads catalogues, never whole tables.

One module per technology says what is there (``found.py``); ``codes.py``, ``classes.py`` and
``modes.py`` suggest what the registry should say about it, ``draft.py`` writes that down. Keep out:
reading data for landing (``sources/connectors``).
"""
