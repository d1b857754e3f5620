"""Identity numbers of persons, organisations and licences: the twin of macros/identifiers/.

One module per family of numbers, each working on whole polars columns; `identify` takes numbers of
any kind. Both engines read the same code tables and must agree on every number: a test compares
them on more than a million. Add a module here for a further kind of number. Keep out: anything that
knows a table of the city.
"""

from citybase.identifiers.identify import identify
from citybase.identifiers.vocabulary import Kind

__all__ = ["Kind", "identify"]
