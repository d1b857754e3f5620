"""What a library is expected to hold: records that have come to it and can be read.

Asked of the truth and of the list of tables a library takes (the seed ``library_source``), never of
the library: a table that a model lost would else be missing here too. Add here what decides whether
a record counts at all. Keep out: what is right about it.
"""

import duckdb

from citybase.duck import literal
from citybase.errors import WarehouseError
from citybase.settings import project_root

_SEED = "dbt_project/seeds/code/library_source.csv"


def expect(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the temporary views the figures count over; needs the catalog ``city_truth``.

    * ``undelivered_record``: rows of tables whose newest file came late, by key, that came, changed
      or went since the file before;
    * ``told_record``: the truth's records that can be read, without those;
    * ``expected_record``: those of tables a library takes, with ``library_code``. A table that two
      libraries take is there twice.

    Raises:
        WarehouseError: the seed is missing.
    """
    seed = project_root() / _SEED
    if not seed.exists():
        raise WarehouseError(
            f"The list of the libraries' sources, {_SEED}, is missing.",
            remedy="Restore the file from version control; citybase runs in its project folder.",
        )
    connection.execute(
        "create or replace temp table library_source as"
        " select library_code, system_code, table_code"
        f" from read_csv({literal(str(seed))}, header = true, all_varchar = true)"
    )
    connection.execute(_UNDELIVERED if _has_undelivered(connection) else _ALL_DELIVERED)
    connection.execute(_TOLD)
    connection.execute(_EXPECTED)


def _has_undelivered(connection: duckdb.DuckDBPyConnection) -> bool:
    """A city made before late rows were kept by key does not have them."""
    try:
        connection.execute("select system_code from city_truth.undelivered limit 0")
    except duckdb.CatalogException:
        return False
    return True


_UNDELIVERED = """
create or replace temp view undelivered_record as
select distinct system_code, table_code, source_key from city_truth.undelivered
"""

_ALL_DELIVERED = """
create or replace temp view undelivered_record as
select system_code, table_code, source_key from city_truth.record where false
"""

_TOLD = """
create or replace temp view told_record as
select record.*
from city_truth.record as record
anti join undelivered_record using (system_code, table_code, source_key)
where record.is_landable
"""

_EXPECTED = """
create or replace temp view expected_record as
select told_record.*, library_source.library_code
from told_record
inner join library_source using (system_code, table_code)
"""
