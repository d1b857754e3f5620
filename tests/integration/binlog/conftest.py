"""A private MariaDB whose changes may be followed."""

from collections.abc import Iterator

import pytest

from tests.integration.binlog.binlog_house import Source
from tests.mariadb_house import Mariadb, mariadb, mariadb_server

__all__ = ["mariadb", "mariadb_server"]


@pytest.fixture
def source(mariadb: Mariadb) -> Iterator[Source]:
    """A fresh database whose reader may also follow the log."""
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("grant replication slave, binlog monitor on *.* to reader@localhost")
    made = Source(mariadb)
    yield made
    made.close()
