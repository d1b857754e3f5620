"""What one record of a department needs besides its values: the truth about whom it is.

Every ``records_<department>`` module creates tables ``source.<system>__<table>``: the registry's
columns, and columns that begin with an underscore and never reach a department: ``_person_id``,
``_organisation_id``, ``_defects``, ``_has_valid_number``, ``_is_landable``, ``_tells_death``. Here
those become ``truth_record``. Tables that many systems have alike are made as one and shared out.
Add here what all departments share. Keep out: their values.
"""

import duckdb

# A written number that is valid and belongs to the person; a damaged text still is that number.
HAS_VALID_NUMBER = "coalesce(_number_defect = 'number_15_digits', true) and _number is not null"


def prepare_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schema ``source`` and the empty list of what tells ``truth_record``."""
    connection.execute("create schema if not exists source")
    connection.execute("create or replace temp table truth_query (query varchar)")


def record_truth(
    connection: duckdb.DuckDBPyConnection,
    *,
    system: str,
    table: str,
    key: str,
    role: str = "self",
    prefix: str = "",
    kind: str = "person",
    is_shared: bool = False,
) -> None:
    """Have ``truth_record`` tell the underscore columns of a source table.

    ``prefix`` names one of several people of a row (``_male_person_id``); ``kind`` is ``person`` or
    ``organisation``; of a table that ``is_shared`` the column ``_system_code`` says whose rows they
    are.
    """
    about = f"_{prefix}{kind}_id"
    query = f"""
        select
            {"_system_code" if is_shared else f"'{system}'"} as system_code,
            '{table}' as table_code,
            {key} as source_key,
            '{role}' as role_code,
            {about if kind == "person" else "null::bigint"} as person_id,
            {about if kind == "organisation" else "null::bigint"} as organisation_id,
            _{prefix}defects as defects,
            _{prefix}has_valid_number as has_valid_number,
            _is_landable as is_landable,
            _tells_death as tells_death,
        from source.{system}__{table}
        where {about} is not null
        """
    connection.execute("insert into truth_query values ($1)", [query])


def gather_truth(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``truth_record``: a view, as it says again what the source tables hold."""
    queries = connection.execute("select query from truth_query").fetchall()
    connection.execute(
        "create or replace temp view truth_record as "
        + " union all ".join(query for (query,) in queries)
    )


def share_out(
    connection: duckdb.DuckDBPyConnection, *, shared: str, system: str, columns: str = "*"
) -> None:
    """Create the table ``source.<system>__…`` of one system of many whose rows stand together in
    ``source.<shared>``, told apart by ``_system_code``: a view, so that no row is kept twice.
    """
    table = shared.partition("__")[2]
    connection.execute(
        f"create or replace view source.{system}__{table} as"
        f" select {columns} from source.{shared} where _system_code = '{system}'"
    )
