"""What one record of a department needs besides its values: the truth about whom it is.

Every ``records_<department>`` module creates tables ``source.<system>__<table>``: the registry's
columns, and columns that begin with an underscore and never reach a department: ``_person_id``,
``_organisation_id``, ``_defects``, ``_has_valid_number``, ``_is_landable``, ``_tells_death``. Here
those become rows of ``truth_record``. Add here what all departments share. Keep out: their values.
"""

import duckdb

# A written number that is valid and belongs to the person; a damaged text still is that number.
HAS_VALID_NUMBER = "coalesce(_number_defect = 'number_15_digits', true) and _number is not null"


def prepare_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schema ``source`` and the empty ``truth_record``."""
    connection.execute("create schema if not exists source")
    connection.execute(
        """
        create or replace temp table truth_record (
            system_code varchar,
            table_code varchar,
            source_key varchar,
            role_code varchar,
            person_id bigint,
            organisation_id bigint,
            defects varchar,
            has_valid_number boolean,
            is_landable boolean,
            tells_death boolean
        )
        """
    )


def record_truth(
    connection: duckdb.DuckDBPyConnection,
    *,
    system: str,
    table: str,
    key: str,
    role: str = "self",
    prefix: str = "",
    kind: str = "person",
    rows: str | None = None,
) -> None:
    """Copy the underscore columns of a source table into ``truth_record``.

    ``prefix`` names one of several people of a row (``_male_person_id``); ``kind`` is ``person`` or
    ``organisation``; ``rows`` is a relation to read instead of the table, and without ``system``
    its column ``system_code`` says whose rows they are.
    """
    person = f"_{prefix}person_id" if kind == "person" else "null"
    organisation = f"_{prefix}organisation_id" if kind == "organisation" else "null"
    about = person if kind == "person" else organisation
    system_code = f"'{system}'" if system else "system_code"
    connection.execute(
        f"""
        insert into truth_record
        select
            {system_code}, '{table}', {key}, '{role}', {person}, {organisation},
            _{prefix}defects, _{prefix}has_valid_number, _is_landable, _tells_death
        from {rows or f"source.{system}__{table}"}
        where {about} is not null
        """
    )
