"""Runs migrations on the connection that ``engine.py`` opened. Alembic loads this file by its path.

Keep out: opening connections and reading settings.
"""

from alembic import context

from citybase.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
