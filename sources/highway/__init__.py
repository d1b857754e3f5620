"""Change capture: what happens in a source system after its tables were read once, in the order of
the source's own log.

One module per responsibility: a decoder knows bytes and no connection, a connection knows bytes and
no tables, and neither knows where changes land. Nothing here imports dagster.
"""
