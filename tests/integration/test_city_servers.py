"""The city's real servers and files: filled as planned, safe from their readers, there after a
restart, equal when made again.
"""

import csv
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg
import pytest

from citybase.duck import connect, literal
from citybase.settings import Settings, source_environment
from sources.connectors.mysql_location import parse_location
from sources.contract_connection import (
    CsvConnection,
    MysqlConnection,
    PostgresConnection,
    SqliteConnection,
    XlsxConnection,
)
from sources.registry import Registry, load_registry
from sources.simulator import (
    CityError,
    CityPlan,
    CityReport,
    city_status,
    create_city,
    drop_city,
    start_city,
    stop_city,
    truth_path,
)
from sources.simulator.deploy_xlsx import count_xlsx
from sources.simulator.servers_mariadb import mariadb_is_installed

pytestmark = pytest.mark.integration

PLAN = CityPlan(seed=11, scale=0.0002)


class City:
    """A small city with what the tests ask of it."""

    def __init__(self, settings: Settings, report: CityReport) -> None:
        self.settings = settings
        self.report = report
        self.registry: Registry = load_registry()
        self.environment = source_environment(settings, {})

    def location(self, system: str) -> str:
        return self.environment[self.registry.system(system).connection.location_env]

    def rows(self, system: str, table: str) -> int:
        return next(
            content.rows
            for content in self.report.tables
            if (content.system, content.table) == (system, table)
        )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    try:
        yield City(settings, create_city(settings, PLAN))
    finally:
        drop_city(settings)


def test_every_table_holds_what_was_generated(city: City) -> None:
    for system, table in city.registry.tables():
        location, expected = city.location(system.system), city.rows(system.system, table.table)
        if isinstance(system.connection, PostgresConnection):
            with psycopg.connect(location) as connection:
                found = connection.execute(
                    f'select count(*) from {system.connection.db_schema}."{table.source_name}"'
                ).fetchone()
            assert found == (expected,)
        elif isinstance(system.connection, MysqlConnection):
            with closing(parse_location(location).connect()) as mariadb, mariadb.cursor() as cursor:
                cursor.execute(f"select count(*) from `{table.source_name}`")
                assert cursor.fetchall() == ((expected,),)
        elif isinstance(system.connection, SqliteConnection):
            with closing(sqlite3.connect(location)) as database:
                found = database.execute(f'select count(*) from "{table.source_name}"').fetchone()
            assert found == (expected,)
        elif isinstance(system.connection, XlsxConnection):
            assert count_xlsx(system, Path(location))[table.table] == expected
        elif isinstance(system.connection, CsvConnection):
            (file,) = Path(location).glob(table.source_name)
            assert file.read_bytes().count(b"\n") == expected + 1
        else:
            assert count_xlsx(system, Path(location))[table.table] == expected


def test_values_come_through_as_generated(city: City) -> None:
    """By way of DuckDB's scanner, as extraction reads: text, empty text, null, dates, amounts."""
    duck = connect(extensions=("postgres_scanner",))
    duck.execute(
        f"attach {literal(city.location('licence_issuing'))} as zz (type postgres, read_only)"
    )
    written = duck.execute(
        "select count(*) filter (where zzyxqjzrq = ''), count(*) filter (where zzyxqjzrq is null),"
        " count(*) filter (where zzyxqjzrq = '长期') from zz.zzk.dzzz"
    ).fetchone()
    assert written is not None
    assert min(written) > 0
    truth = duck.execute(f"attach {literal(str(truth_path(city.settings)))} as truth (read_only)")
    missing = truth.execute(
        "select count(*) from truth.licence as licence left join zz.zzk.dzzz as row"
        " on licence.source_key = row.jlbh and licence.valid_from is not distinct from"
        " row.zzyxqqsrq where row.jlbh is null and licence.system_code = 'licence_issuing'"
    ).fetchone()
    assert missing == (0,)


def test_native_types_are_those_of_a_department(city: City) -> None:
    with psycopg.connect(city.location("enterprise_register")) as connection:
        rows = connection.execute(
            "select column_name, data_type, numeric_precision, col_description("
            "'gsdj.e_baseinfo'::regclass, ordinal_position::int) from information_schema.columns"
            " where table_schema = 'gsdj' and table_name = 'e_baseinfo'"
        ).fetchall()
        types = {name: (kind, precision, comment) for name, kind, precision, comment in rows}
        assert types["regcap"] == ("numeric", None, "注册资本(万元)")
        assert types["estdate"][0] == "date"
        assert types["gxsj"][0] == "timestamp without time zone"
        assert types["entname"][0] == "character varying"
        key = connection.execute(
            "select count(*) from pg_constraint"
            " where conrelid = 'gsdj.e_baseinfo'::regclass and contype = 'p'"
        ).fetchone()
        nan = connection.execute(
            "select count(*) from gsdj.e_baseinfo where regcap = 'NaN'"
        ).fetchone()
    assert key == (1,)
    assert nan is not None
    assert nan[0] > 0


@pytest.mark.parametrize(
    "statement",
    [
        "delete from huji.czrk",
        "update huji.czrk set xm = '某'",
        "insert into huji.hkb (hh, gxsj) values ('x', now())",
        "create table huji.mine (a int)",
        "drop table huji.czrk",
        "create temporary table mine (a int)",
        "set role household_register_owner",
    ],
)
def test_the_reader_cannot_write(city: City, statement: str) -> None:
    with (
        psycopg.connect(city.location("household_register")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        lambda location: location.rsplit("password=", 1)[0] + "password=wrong",
        lambda location: location.rsplit("password=", 1)[0],
        lambda location: location.rsplit("user=", 1)[0] + "user=postgres",
        lambda location: location.replace("dbname=household_register", "dbname=social_security"),
    ],
)
def test_nobody_enters_without_the_right_password_and_database(
    city: City, change: Callable[[str], str]
) -> None:
    location = change(city.location("household_register"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(location)


def test_a_drop_is_in_the_encoding_that_its_registry_file_says(city: City) -> None:
    (file,) = Path(city.location("grid_yishui")).glob("wg_renkou_*.csv")
    header = file.read_bytes().splitlines()[0]
    declared = city.registry.system("grid_yishui").table("resident").columns
    assert next(csv.reader([header.decode("gb18030")])) == [c.source_name for c in declared]
    with pytest.raises(UnicodeDecodeError):
        file.read_text(encoding="utf-8")


def test_a_drop_has_one_undecodable_and_one_short_line(city: City) -> None:
    table = city.registry.system("student_register").table("student")
    (file,) = Path(city.location("student_register")).glob(table.source_name)
    assert file.name == "学生学籍_20251231.csv"
    lines = file.read_bytes().splitlines()
    undecodable, short = 0, 0
    for line in lines[1:]:
        try:
            fields = next(csv.reader([line.decode("utf-8")]))
        except UnicodeDecodeError:
            undecodable += 1
        else:
            short += len(fields) < len(table.columns)
    assert (undecodable, short) == (1, 1)


def test_secrets_are_for_the_owner_alone(city: City) -> None:
    for path in (city.settings.city_environment, city.settings.city / "postgresql.password"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_port_is_open(city: City) -> None:
    with psycopg.connect(city.location("household_register")) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_the_truth_knows_every_record_of_a_person(city: City) -> None:
    with duckdb.connect(str(truth_path(city.settings)), read_only=True) as truth:
        keys = {
            key
            for (key,) in truth.execute(
                "select source_key from record"
                " where system_code = 'household_register' and table_code = 'resident'"
            ).fetchall()
        }
        plan = truth.execute("select seed, scale, today from plan").fetchone()
        contents = truth.execute("select sum(row_count) from content").fetchone()
    with psycopg.connect(city.location("household_register")) as connection:
        assert keys == {key for (key,) in connection.execute("select rybh from huji.czrk")}
    assert plan == (PLAN.seed, PLAN.scale, PLAN.today)
    assert contents == (city.report.source_rows,)


def test_making_it_again_is_equal(city: City) -> None:
    again = create_city(city.settings, PLAN)
    assert again.is_reused
    assert again.content_hash == city.report.content_hash
    assert source_environment(city.settings, {}) == city.environment


def test_the_data_outlive_a_restart_and_only_this_server_is_stopped(city: City) -> None:
    status = city_status(city.settings)
    before = (status.server_pid, status.mariadb_pid)
    assert before[0] is not None
    assert (before[1] is not None) is mariadb_is_installed()
    assert stop_city(city.settings)
    assert not stop_city(city.settings)
    assert city_status(city.settings).server_pid is None
    assert city_status(city.settings).mariadb_pid is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(city.location("household_register"))
    after = start_city(city.settings)
    assert after.postgresql.pid != before[0]
    assert (after.mariadb and after.mariadb.pid) != before[1] or not mariadb_is_installed()
    with psycopg.connect(city.location("household_register")) as connection:
        found = connection.execute("select count(*) from huji.czrk").fetchone()
    assert found == (city.rows("household_register", "resident"),)


def test_the_server_outlives_the_process_that_started_it(city: City) -> None:
    stop_city(city.settings)
    done = subprocess.run(
        [sys.executable, "-c", "from citybase.cli.main import main; main()", "city", "start"],
        env={**os.environ, "CITYBASE_HOME": str(city.settings.home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    with psycopg.connect(city.location("household_register")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_what_was_tampered_with_is_filled_again(city: City) -> None:
    sqlite = Path(city.location("civil_registry"))
    with closing(sqlite3.connect(sqlite)) as database:
        database.execute("delete from hydj")
        database.commit()
    again = create_city(city.settings, PLAN)
    assert not again.is_reused
    assert again.content_hash == city.report.content_hash
    with closing(sqlite3.connect(sqlite)) as database:
        found = database.execute("select count(*) from hydj").fetchone()
    assert found == (city.rows("civil_registry", "marriage_registration"),)
    city.environment = source_environment(city.settings, {})


def test_a_deep_home_still_has_a_socket(tmp_path: Path) -> None:
    """A socket's path may hold 107 characters; the server then listens elsewhere."""
    settings = Settings(home=tmp_path / "a-folder-with-a-long-name" / ("deep" * 30))
    settings.home.mkdir(parents=True)
    try:
        create_city(settings, CityPlan(seed=1, scale=0.00005))
        location = source_environment(settings, {})["CITYBASE_SOURCE_HOUSEHOLD_REGISTER"]
        with psycopg.connect(location) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        drop_city(settings)
    assert not settings.city.exists()


def test_without_a_city_nothing_starts(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert not stop_city(settings)
    assert city_status(settings).plan is None
    with pytest.raises(CityError, match="no city"):
        start_city(settings)
