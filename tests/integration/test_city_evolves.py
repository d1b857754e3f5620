"""A city that lived on day by day, once interrupted, is the city that was made for that day."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg import sql

from citybase.duck import quoted
from citybase.settings import Settings, source_environment
from sources.connectors.mysql_location import parse_location
from sources.contract import System, Table
from sources.contract_connection import (
    CsvConnection,
    MysqlConnection,
    PostgresConnection,
    SqliteConnection,
)
from sources.registry import Registry, load_registry
from sources.simulator import (
    CityError,
    CityPlan,
    CityReport,
    EvolveReport,
    city_status,
    create_city,
    drop_city,
    evolve,
    evolve_city,
    truth_path,
)
from sources.simulator.apply_changes import apply_to_sqlite
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.integration

BASE = CityPlan(seed=11, scale=0.0002)
DATABASES = PostgresConnection | MysqlConnection | SqliteConnection
FIRST_DAYS, MORE_DAYS = 25, 15


class Lived:
    """Two cities of one day: one evolved to it with an interruption, one made for it."""

    def __init__(self, folder: Path) -> None:
        self.registry: Registry = load_registry()
        self.evolved = Settings(home=folder / "evolved")
        self.made = Settings(home=folder / "made")
        self.base: CityReport
        self.reports: list[EvolveReport] = []
        self.refusal = ""
        self.interrupted_at: int | None = None

    def rows(self, settings: Settings, system: System, table: Table) -> list[tuple[str, ...]]:
        """Every value of a live table as text, in the order of its keys."""
        location = source_environment(settings, {})[system.connection.location_env]
        names = [column.source_name for column in table.columns]
        keys = [table.column(key).source_name for key in table.keys]
        if isinstance(system.connection, PostgresConnection):
            query = sql.SQL('select {} from {} order by {} collate "C"').format(
                sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(n)) for n in names),
                sql.Identifier(system.connection.db_schema, table.source_name),
                sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(k)) for k in keys),
            )
            with psycopg.connect(location) as connection:
                return connection.execute(query).fetchall()
        if isinstance(system.connection, MysqlConnection) and not location.startswith("sqlite:"):
            with closing(parse_location(location).connect()) as mariadb, mariadb.cursor() as cursor:
                cursor.execute(
                    f"select {', '.join(f'cast(`{name}` as char)' for name in names)}"
                    f" from `{table.source_name}` order by {', '.join(keys)}"
                )
                return list(cursor.fetchall())
        with closing(sqlite3.connect(location.removeprefix("sqlite:"))) as database:
            return database.execute(
                f"select {', '.join(map(quoted, names))} from {quoted(table.source_name)}"
                f" order by {', '.join(map(quoted, keys))}"
            ).fetchall()


class _PulledPlugError(Exception):
    """Somebody pulled the plug."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    cities = Lived(tmp_path_factory.mktemp("cities"))
    try:
        cities.base = create_city(cities.evolved, BASE)
        cities.reports.append(evolve_city(cities.evolved, FIRST_DAYS))
        _interrupt(cities)
        try:
            evolve_city(cities.evolved, MORE_DAYS + 1)
        except CityError as error:
            cities.refusal = f"{error.message} {error.remedy}"
        # A real system that came to the registry meanwhile is no part of the city.
        real = make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}, code="museum")
        beside = Registry((*cities.registry.systems, real), cities.registry.shapes)
        cities.reports.append(evolve_city(cities.evolved, MORE_DAYS, registry=beside))
        create_city(
            cities.made,
            CityPlan(seed=11, scale=0.0002, elapsed_days=FIRST_DAYS + MORE_DAYS),
        )
        yield cities
    finally:
        drop_city(cities.evolved)
        drop_city(cities.made)


def _interrupt(cities: Lived) -> None:
    """Stop an evolve after some databases have changed and others have not."""
    calls = 0

    def pulled(connection: duckdb.DuckDBPyConnection, system: System, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise _PulledPlugError
        apply_to_sqlite(connection, system, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evolve, "apply_to_sqlite", pulled)
        with pytest.raises(_PulledPlugError):
            evolve_city(cities.evolved, MORE_DAYS)
    cities.interrupted_at = city_status(cities.evolved).evolving_to


def test_every_live_table_is_that_of_a_city_made_for_the_day(lived: Lived) -> None:
    compared = 0
    for system, table in lived.registry.tables():
        if isinstance(system.connection, DATABASES):
            evolved = lived.rows(lived.evolved, system, table)
            assert evolved == lived.rows(lived.made, system, table), (system.system, table.table)
            compared += len(evolved)
    assert compared > 10_000
    assert lived.reports[-1].content_hash == city_status(lived.made).content_hash


def test_the_report_counts_what_changed(lived: Lived) -> None:
    first, second = lived.reports
    assert (first.is_repaired, second.is_repaired) == (False, True)
    for report in lived.reports:
        totals = [
            sum(getattr(table, kind) for table in report.tables)
            for kind in ("inserted", "updated", "deleted")
        ]
        assert min(totals) > 0
        assert {"move", "phone_change"} <= report.events.keys()
    status = city_status(lived.evolved)
    assert status.plan == CityPlan(seed=11, scale=0.0002, elapsed_days=FIRST_DAYS + MORE_DAYS)
    base = {(c.system, c.table): c.rows for c in lived.base.tables}
    for content in status.tables:
        grown = sum(
            table.inserted - table.deleted
            for report in lived.reports
            for table in report.tables
            if (table.system, table.table) == (content.system, content.table)
        )
        assert base[(content.system, content.table)] + grown == content.rows


def test_an_interrupted_run_is_told_and_only_completed(lived: Lived) -> None:
    assert lived.interrupted_at == FIRST_DAYS + MORE_DAYS
    assert f"--days {MORE_DAYS}" in lived.refusal
    assert city_status(lived.evolved).evolving_to is None


def test_files_come_dated_late_or_twice(lived: Lived) -> None:
    states = set()
    environment = source_environment(lived.evolved, {})
    for report in lived.reports:
        for delivery in report.deliveries:
            states.add(delivery.state)
            system = lived.registry.system(delivery.system)
            table = system.table(delivery.table)
            folder = Path(environment[system.connection.location_env])
            plan = CityPlan(seed=11, scale=0.0002, elapsed_days=delivery.elapsed_days)
            dated = sorted(folder.glob(table.source_name.replace("*", f"{plan.now:%Y%m%d}*")))
            assert len(dated) == {"late": 0, "on_time": 1, "re_sent": 2}[delivery.state]
            if len(dated) == 2:
                assert dated[0].read_bytes() == dated[1].read_bytes()
    assert states == {"late", "on_time", "re_sent"}
    for system, table in lived.registry.tables():
        if isinstance(system.connection, DATABASES):
            continue
        late = [
            delivery.state == "late"
            for delivery in lived.reports[-1].deliveries
            if (delivery.system, delivery.table) == (system.system, table.table)
        ]
        newest, made = (
            max(
                Path(source_environment(settings, {})[system.connection.location_env]).glob(
                    table.source_name
                )
            )
            for settings in (lived.evolved, lived.made)
        )
        if late == [False]:
            assert newest.read_bytes() == made.read_bytes()
        else:
            assert newest.name < made.name


def test_the_truth_knows_what_late_files_have_not_told(lived: Lived) -> None:
    with duckdb.connect(str(truth_path(lived.evolved)), read_only=True) as truth:
        rows = truth.execute("from undelivered").fetchall()
    compared = 0
    for delivery in lived.reports[-1].deliveries:
        system = lived.registry.system(delivery.system)
        table = system.table(delivery.table)
        keys = {
            key.encode() for name, code, key in rows if (name, code) == (system.system, table.table)
        }
        if delivery.state != "late":
            assert not keys
        elif isinstance(system.connection, CsvConnection):
            old, new = (
                set(
                    max(
                        Path(source_environment(settings, {})[system.connection.location_env]).glob(
                            table.source_name
                        )
                    )
                    .read_bytes()
                    .splitlines()
                )
                for settings in (lived.evolved, lived.made)
            )
            assert all(any(key in line for key in keys) for line in old ^ new)
            assert all(any(key in line for line in old ^ new) for key in keys)
            compared += len(keys)
    assert compared > 0


def test_the_truth_and_the_plan_follow(lived: Lived) -> None:
    with duckdb.connect(str(truth_path(lived.evolved)), read_only=True) as truth:
        assert truth.execute("select elapsed_days from plan").fetchall() == [(40,)]
        events = dict(
            truth.execute("select event_code, count(*) from life_event group by 1").fetchall()
        )
        late = truth.execute("select count(*) from delivery where state_code = 'late'").fetchone()
    told: dict[str, int] = {}
    for report in lived.reports:
        for kind, count in report.events.items():
            if not kind.startswith("organisation"):
                told[kind] = told.get(kind, 0) + count
    assert events == told
    assert late is not None
    assert late[0] > 0
    assert json.loads((lived.evolved.city / "plan.json").read_text())["elapsed_days"] == 40


def test_making_the_base_city_again_leaves_a_lived_one_alone(lived: Lived) -> None:
    again = create_city(lived.evolved, BASE)
    assert again.is_reused
    assert again.plan.elapsed_days == FIRST_DAYS + MORE_DAYS


def test_a_registry_that_lost_a_system_of_the_city_is_refused_by_its_name(lived: Lived) -> None:
    left = Registry(tuple(s for s in lived.registry.systems if s.system != "hotline"))
    with pytest.raises(CityError, match="gone: hotline"):
        evolve_city(lived.evolved, 1, registry=left)


def test_without_a_city_nothing_evolves(tmp_path: Path) -> None:
    with pytest.raises(CityError, match="no complete city"):
        evolve_city(Settings(home=tmp_path), 3)
    assert not (tmp_path / "city").exists()
