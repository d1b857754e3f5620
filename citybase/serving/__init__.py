"""Publishing: what leaves the warehouse, for whom, and how it is opened again.

Each audience gets its own folder of versioned, read-only DuckDB files, because DuckDB has no users
and files are the access boundary. Add a module here when publishing learns one more step. Keep out:
how a table is made (``dbt_project/``) and when publishing happens (``orchestration/``).
"""
