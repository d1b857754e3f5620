"""The operational store: what citybase must remember that is not city data.

``schema.py`` says which tables there are, ``migrations/`` how a store gets them, ``engine.py`` how
it is opened. Keep out: what the rows mean (``sources/ledger.py`` and later ``governance/``).
"""

from citybase.store.engine import open_store, reading, writing

__all__ = ["open_store", "reading", "writing"]
