"""One city in memory: every table of every source system, and the truth about them.

Add a step here when a new part of the city has to be generated. Keep out: where it is put
(``deploy_*``) and whether it is needed (``city.py``).
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from citybase.duck import connect, literal, quoted
from sources.contract import System, Table
from sources.registry import Registry
from sources.simulator.cards import issue_cards
from sources.simulator.defects import install_defects
from sources.simulator.families import build_families
from sources.simulator.known import install_known_person
from sources.simulator.licences import issue_licences
from sources.simulator.life_events import live_on
from sources.simulator.mixer import install_mixer
from sources.simulator.numbers import install_numbers
from sources.simulator.organisations import build_organisations
from sources.simulator.person_changes import follow_people
from sources.simulator.places import install_places
from sources.simulator.plan import CityError, CityPlan
from sources.simulator.population import build_population
from sources.simulator.records import prepare_records
from sources.simulator.records_civil_affairs import write_civil_registry
from sources.simulator.records_health import write_health_record
from sources.simulator.records_human_resources import write_social_security
from sources.simulator.records_market import write_enterprise_register
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
    try:
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
        build_organisations(connection, plan, registry)
        prepare_records(connection)
        for write in (
            write_household_register,
            write_social_security,
            write_health_record,
            write_civil_registry,
            write_enterprise_register,
            issue_licences,
        ):
            write(connection)
        _check_against_registry(connection, registry)
    except BaseException:
        connection.close()
        raise
    return connection


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


def write_truth(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    plan: CityPlan,
    tables: tuple[TableContent, ...],
) -> None:
    """Write ``truth.duckdb``: tables person, couple, organisation, licence,
    record, plan and content. The file appears whole or not at all.
    """
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    connection.execute(f"attach {literal(str(fresh))} as truth_file")
    try:
        for name, query in _TRUTH.items():
            connection.execute(f"create table truth_file.{name} as {query}")
        connection.execute("create table truth_file.plan (seed integer, scale double, today date)")
        connection.execute(
            "insert into truth_file.plan values (?, ?, ?)",
            [plan.seed, plan.scale, plan.today],
        )
        connection.execute(
            "create table truth_file.content"
            " (system_code varchar, table_code varchar, row_count bigint, content_hash varchar)"
        )
        connection.executemany(
            "insert into truth_file.content values (?, ?, ?, ?)",
            [(t.system, t.table, t.rows, t.content_hash) for t in tables],
        )
    finally:
        connection.execute("detach truth_file")
    fresh.replace(path)


_TRUTH = {
    "person": """
        select
            person_id,
            number_kind,
            number,
            name,
            sex_code,
            birth_date,
            ethnicity_code,
            phone,
            person.household_id,
            couple_id,
            role as family_role,
            getvariable('county_code')[registered_county + 1] as registered_division_code,
            address_now as address,
            address_before,
            moved_date,
            death_date,
            is_registered,
            is_second_twin,
        from person
        inner join household on person.household_id = household.household_id
        """,
    "organisation": """
        select
            organisation_id,
            pair as category_code,
            uscc,
            organisation_code,
            registration_number,
            name,
            division_code,
            established_date,
            status_code,
            abnormal_date,
            ended_date,
            representative_person_id,
        from organisation
        """,
    "couple": """
        select couple_id, husband_id, wife_id, marriage_date, divorce_date from couple
        """,
    "licence": """
        select
            'licence_issuing' as system_code,
            record_no as source_key,
            _licence_id as licence_id,
            _version as version,
            _last_version as last_version,
            licence_type_code,
            _issuer_organisation_id as issuer_organisation_id,
            coalesce(_true_identifier, licence_identifier) as licence_identifier,
            _is_well_formed as is_well_formed,
            _holder_kind_code as holder_kind_code,
            _person_id as person_id,
            _organisation_id as organisation_id,
            _has_valid_holder as has_valid_holder,
            state_code as stated_state_code,
            valid_from,
            _valid_to as valid_to,
            _holder_end_date as holder_end_date,
            _defects as defects,
        from source.licence_issuing__licence
        """,
    "record": "from truth_record",
}


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
