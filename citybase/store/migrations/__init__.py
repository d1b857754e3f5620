"""How an operational store gets its schema, one numbered step at a time (Alembic).

Add ``versions/<number>_<what>.py`` for every change of ``schema.py``; a step that has been released
is never edited. Keep out: city data.
"""
