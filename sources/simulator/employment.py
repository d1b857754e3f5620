"""Who works where, so that all departments name the same employer of a person.

Add here what several departments must agree on about employment. Keep out: the units
(``unit_list``) and what a department writes.
"""

import duckdb


def install_employment(connection: duckdb.DuckDBPyConnection) -> None:
    """Define ``employer_place(i, age_days)``: a place in ``unit_list``, null for who has none.

    It reads the variable ``units``; few units employ most people.
    """
    connection.execute(
        """
        create or replace temp macro employer_place(i, age_days) as
            case
                when chance(i, 'worker', 520000) and age_days between 7300 and 21900
                    then floor(getvariable('units') * pow(unit(i, 'employer'), 2.2))::bigint
            end
        """
    )
