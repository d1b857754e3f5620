"""One city in memory: every table of every source system, and the truth about them.

Add a step here when a new part of the city has to be generated. Keep out: where it is put
(``deploy_*``) and whether it is needed (``city.py``).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from citybase.duck import connect, quoted
from sources.contract import System, Table
from sources.registry import Registry
from sources.simulator.cards import issue_cards
from sources.simulator.defects import install_defects
from sources.simulator.employment import install_employment
from sources.simulator.families import build_families
from sources.simulator.known import install_known_person
from sources.simulator.licences import issue_licences
from sources.simulator.life_events import live_on
from sources.simulator.mixer import install_mixer
from sources.simulator.numbers import install_numbers
from sources.simulator.organisation_lists import write_organisation_lists
from sources.simulator.organisation_tables import (
    add_debtor_units,
    write_insured_units,
    write_organisation_tables,
)
from sources.simulator.organisations import build_organisations
from sources.simulator.people_tables import write_people_tables
from sources.simulator.person_changes import follow_people
from sources.simulator.places import install_places
from sources.simulator.plan import CityError, CityPlan
from sources.simulator.population import build_population
from sources.simulator.records import gather_truth, prepare_records
from sources.simulator.records_civil_affairs import write_civil_registry
from sources.simulator.records_grid import write_grids
from sources.simulator.records_health import write_health_record
from sources.simulator.records_human_resources import write_social_security
from sources.simulator.records_market import write_enterprise_register
from sources.simulator.records_permits import write_migrant_register, write_permit_register
from sources.simulator.records_police_changes import write_police_changes
from sources.simulator.records_public_security import write_household_register
from sources.simulator.shared_numbers import choose_shared_numbers
from sources.simulator.vocabulary import install_vocabulary


@dataclass(frozen=True)
class TableContent:
    """One source table of the city: its rows and a digest of them that knows no order."""

    system: str
    table: str
    rows: int
    content_hash: str


def generate(
    plan: CityPlan,
    registry: Registry,
    *,
    scratch: Path | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Generate the city into a connection in memory (spilling to ``scratch``).

    The caller closes it. Source tables are ``source.<system>__<table>``; the truth is in
    ``person``, ``household``, ``couple``, ``organisation`` and ``truth_record``, and in columns
    that begin with an underscore.

    Raises:
        CityError: the registry has a table the city does not know how to fill.
    """
    connection = connect(scratch=scratch, threads=threads, memory_limit=memory_limit)
    # Joins are written in the order they run best in: rows first, what they look up after. DuckDB
    # would guess how many rows conditions on chance leave, and build its tables of the many.
    connection.execute("set disabled_optimizers = 'join_order'")
    try:
        make_people(connection, plan)
        build_organisations(connection, plan, registry)
        install_employment(connection)
        for write in (
            write_enterprise_register,
            write_organisation_tables,
            write_organisation_lists,
            write_household_register,
            write_police_changes,
            write_permit_register,
            write_migrant_register,
            write_social_security,
            write_health_record,
            write_civil_registry,
            write_insured_units,
            write_people_tables,
            add_debtor_units,
            issue_licences,
        ):
            write(connection)
        write_grids(connection, registry)
        gather_truth(connection)
        connection.execute("reset disabled_optimizers")
        _check_against_registry(connection, registry)
    except BaseException:
        connection.close()
        raise
    return connection


def make_people(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> None:
    """Everything about people but what was written about them; ``known_person`` tells it."""
    install_mixer(connection, seed=plan.seed)
    install_numbers(connection)
    install_places(connection)
    install_vocabulary(connection)
    install_defects(connection)
    block = build_families(connection, plan)
    choose_shared_numbers(connection, plan)
    build_population(connection, plan, block)
    issue_cards(connection)
    live_on(connection, plan, block)
    follow_people(connection)
    install_known_person(connection)
    prepare_records(connection)


def source_table(system: System, table: Table) -> str:
    """The generated table of a registry table."""
    return f"source.{quoted(f'{system.system}__{table.table}')}"


def contents(connection: duckdb.DuckDBPyConnection, registry: Registry) -> tuple[TableContent, ...]:
    """Rows and digest per source table, in registry order.

    The digest sums and xors a hash per row, so it depends on the rows and not on their order.
    """
    found = []
    for system, table in registry.tables():
        columns = ", ".join(quoted(column.column) for column in table.columns)
        row = connection.execute(
            f"""
            with hashed as (
                select hash({columns}) as row_hash from {source_table(system, table)}
            )
            select
                count(*),
                md5(
                    count(*)::varchar || '/' || coalesce(sum(row_hash::hugeint), 0)::varchar
                    || '/' || coalesce(bit_xor(row_hash), 0)::varchar
                )
            from hashed
            """
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate has one row
        found.append(TableContent(system.system, table.table, int(row[0]), str(row[1])))
    return tuple(found)


def _check_against_registry(connection: duckdb.DuckDBPyConnection, registry: Registry) -> None:
    made: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where schema_name = 'source'"
    ).fetchall():
        made.setdefault(table, set()).add(column)
    for system, table in registry.tables():
        columns = made.get(f"{system.system}__{table.table}", set())
        missing = [column.column for column in table.columns if column.column not in columns]
        if missing:
            raise CityError(
                f"The city does not fill {', '.join(missing)} of {system.system}.{table.table}.",
                remedy="Write the column in sources/simulator/records_*.py, or leave the registry"
                " as the city knows it.",
            )
