"""A city that lives on: generate it once more for a later day and change its systems accordingly.

Add here what concerns the passing of days for all systems at once. Keep out: what happens
(``life_events.py``), how a technology is changed (``apply_changes.py``), making and dropping a
city (``city.py``).

The day a city is brought to is written down before anything is changed, and every change may be
made twice: a run that was interrupted is repeated by the same command and ends as if it had not
been.
"""

import shutil
import time
from dataclasses import dataclass, replace

import duckdb

from citybase.settings import Settings
from sources.contract_connection import MysqlConnection, PostgresConnection, SqliteConnection
from sources.registry import Registry, load_registry
from sources.simulator.apply_changes import (
    Delivery,
    TableChange,
    apply_to_mariadb,
    apply_to_postgresql,
    apply_to_sqlite,
    compare,
    deliver,
    remember,
)
from sources.simulator.city import (
    OnStep,
    city_hash,
    file_location,
    truth_path,
)
from sources.simulator.city_servers import has_mariadb, start_servers
from sources.simulator.generate import contents, generate
from sources.simulator.plan import CityError, CityPlan, generator_digest
from sources.simulator.record import CityRecord, read_record, write_record
from sources.simulator.served import refuse_other_registry, served
from sources.simulator.truth import write_truth
from sources.simulator.undelivered import keep_undelivered


@dataclass(frozen=True)
class EvolveReport:
    """What ``days`` days brought: rows per table, deliveries of files, events by kind.

    ``plan`` is the city as it is now; ``is_repaired`` says that an interrupted run was completed.
    """

    plan: CityPlan
    days: int
    tables: tuple[TableChange, ...]
    deliveries: tuple[Delivery, ...]
    events: dict[str, int]
    content_hash: str
    is_repaired: bool
    seconds: float


def evolve_city(
    settings: Settings,
    days: int,
    *,
    registry: Registry | None = None,
    on_step: OnStep = lambda _: None,
) -> EvolveReport:
    """Let the city live on for so many days.

    Raises:
        CityError: there is no city, it was made by another generator or from other registry
            files, an interrupted run was to end on another day, or the days are out of range.
    """
    registry = served(registry or load_registry())
    record = _record(settings, registry)
    target = _target(record, days)
    begun = time.monotonic()
    scratch = settings.scratch / "evolve"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        before = scratch / "before.duckdb"
        on_step(f"Generating the city of {record.plan.now}")
        connection = generate(record.plan, registry, scratch=scratch)
        try:
            remember(connection, registry, before)
        finally:
            connection.close()
        on_step(f"Generating the city of {target.now}")
        connection = generate(target, registry, scratch=scratch)
        try:
            changes = compare(connection, registry, before)
            tables = contents(connection, registry)
            servers = start_servers(settings, with_mariadb=has_mariadb(settings))
            # From here on the systems change: the plan says so until all have.
            write_record(settings, replace(record, evolving_to=target.elapsed_days))
            deliveries: list[Delivery] = []
            for system in registry.systems:
                on_step(f"Changing {system.system} ({system.connection.technology})")
                location = file_location(settings, system)
                if isinstance(system.connection, PostgresConnection):
                    apply_to_postgresql(connection, system, servers.postgresql, scratch=scratch)
                elif isinstance(system.connection, MysqlConnection) and servers.mariadb:
                    apply_to_mariadb(connection, system, servers.mariadb, scratch=scratch)
                elif isinstance(system.connection, MysqlConnection | SqliteConnection):
                    apply_to_sqlite(connection, system, location)
                else:
                    deliveries += deliver(
                        connection,
                        system,
                        location,
                        target,
                        held_rows=record.expected_rows(),
                        scratch=scratch,
                    )
            events = _events(connection, record.plan, target)
            kept = (*record.deliveries, *deliveries)
            keep_undelivered(connection, registry, deliveries, before=truth_path(settings))
            write_truth(connection, truth_path(settings), target, tables, kept)
        finally:
            connection.close()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    write_record(
        settings,
        replace(record, plan=target, tables=tables, deliveries=kept, evolving_to=None),
    )
    return EvolveReport(
        plan=target,
        days=days,
        tables=changes,
        deliveries=tuple(deliveries),
        events=events,
        content_hash=city_hash(tables),
        is_repaired=record.evolving_to is not None,
        seconds=time.monotonic() - begun,
    )


def _record(settings: Settings, registry: Registry) -> CityRecord:
    record = read_record(settings)
    if record is None:
        raise CityError(
            f"There is no complete city in {settings.city}.", remedy="Run `citybase city create`."
        )
    if record.made_by != generator_digest():
        raise CityError(
            "The city was made by another version of the generator, so what would change in it"
            " cannot be known.",
            remedy="Run `citybase city drop` and `citybase city create`, then evolve it.",
        )
    refuse_other_registry(record.made_from, registry)
    return record


def _target(record: CityRecord, days: int) -> CityPlan:
    if days < 1:
        raise CityError(f"A city cannot evolve by {days} days.", remedy="Write --days 1 or more.")
    target = replace(record.plan, elapsed_days=record.plan.elapsed_days + days)
    if record.evolving_to is not None and record.evolving_to != target.elapsed_days:
        missing = record.evolving_to - record.plan.elapsed_days
        raise CityError(
            f"An earlier run that was to evolve the city by {missing} days was interrupted;"
            " some systems have changed and some have not.",
            remedy=f"Run `citybase city evolve --days {missing}` first.",
        )
    return target


def _events(
    connection: duckdb.DuckDBPyConnection, before: CityPlan, after: CityPlan
) -> dict[str, int]:
    """Events by kind in the days between; a move counts each person who moves."""
    rows = connection.execute(
        f"""
        select event_code, count(*)
        from ({_EVENTS})
        where event_date > ? and event_date <= ?
        group by event_code
        order by event_code
        """,
        [before.now, after.now],
    ).fetchall()
    return {str(code): int(count) for code, count in rows}


_EVENTS = """
    select event_code, event_date from life_event
    union all
    select
        case event_type_code
            when '01' then 'organisation_founded'
            when '02' then 'organisation_changed'
            when '03' then 'organisation_cancelled'
            when '04' then 'organisation_revoked'
            when '05' then 'organisation_listed_abnormal'
            else 'organisation_restored'
        end,
        event_date
    from organisation_event
"""
