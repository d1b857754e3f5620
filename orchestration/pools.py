"""The one pool: every op that opens ``warehouse.duckdb`` belongs to it, so that they take turns."""

WAREHOUSE = "warehouse"
