"""The city's health and transport systems, on MariaDB and without it: the same rows either way, and
a city that is made again is read anew.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql
import pytest

from citybase.duck import connect
from citybase.settings import Settings, source_environment
from citybase.store import open_store
from sources.connectors.mysql_location import parse_location
from sources.content import table_content
from sources.extract import extract_system
from sources.registry import load_registry
from sources.relation import current_rows
from sources.simulator import CityPlan, city_status, create_city, drop_city, evolve_city
from sources.simulator.servers_mariadb import FOLDER_VARIABLE, mariadb_is_installed
from sources.stand_in import stand_ins
from sources.tables import landed_table
from tests.mariadb_house import require_mariadb
from tests.pipeline.pipeline_house import citybase

pytestmark = pytest.mark.integration

PLAN = CityPlan(seed=11, scale=0.0002)
SYSTEMS = ("health_record", "transport_licence", "transport_practitioner")


@pytest.fixture(scope="module", autouse=True)
def _mariadb() -> None:
    require_mariadb()


@contextmanager
def home() -> Iterator[Settings]:
    """A home whose city goes at the end; not below pytest's own folder, which every other pytest
    of root closes to the servers.
    """
    with tempfile.TemporaryDirectory(prefix="citybase-test-") as folder:
        settings = Settings(home=Path(folder) / "var")
        try:
            yield settings
        finally:
            drop_city(settings)


@pytest.fixture(scope="module")
def made() -> Iterator[Settings]:
    with home() as settings:
        create_city(settings, PLAN)
        yield settings


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A city on a machine on which the programs of MariaDB are not found."""
    with home() as settings, monkeypatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path))
        assert not mariadb_is_installed()
        create_city(settings, PLAN)
        yield settings


def extracted(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """The landed rows of every table, after an extraction."""
    registry, found = load_registry(), {}
    for code in SYSTEMS:
        result = extract_system(settings, code)
        assert result.failures == ()
        engine = open_store(settings)
        for table in registry.system(code).tables:
            landed = landed_table(registry.system(code), table)
            content = table_content(engine, code, table.table)
            columns = ", ".join(column.column for column in table.columns)
            with connect() as duck:
                found[landed.name] = duck.execute(
                    f"select {columns} from ({current_rows(settings, landed, content)})"
                    " order by all"
                ).fetchall()
        engine.dispose()
    return found


def modes(settings: Settings) -> dict[str, str]:
    """In which mode the newest batch of each table was landed."""
    engine, found = open_store(settings), {}
    for code in SYSTEMS:
        for table in load_registry().system(code).tables:
            found[table.table] = table_content(engine, code, table.table).batches[-1].mode
    engine.dispose()
    return found


def test_both_technologies_hold_and_change_the_same_rows(made: Settings, without: Settings) -> None:
    environments = [source_environment(settings, {}) for settings in (made, without)]
    assert [stand_ins(load_registry(), one) for one in environments] == [(), SYSTEMS]
    shown = citybase(without, "city", "status").stdout
    assert f"MariaDB is not installed: {', '.join(SYSTEMS)} are SQLite files" in shown
    assert city_status(without).mariadb_pid is None
    first = extracted(made)
    assert first == extracted(without)
    assert min(map(len, first.values())) > 10
    for settings in (made, without):
        evolve_city(settings, 60)
    later = extracted(made)
    assert later == extracted(without)
    assert later.keys() == first.keys()
    assert sum(later[name] != first[name] for name in first) >= 4
    assert modes(made)["resident_record"] == "log"
    assert modes(without)["resident_record"] == "hash_diff"


def test_native_types_keys_and_comments_are_those_of_a_department(made: Settings) -> None:
    url = source_environment(made, {})["CITYBASE_SOURCE_HEALTH_RECORD"]
    with closing(parse_location(url).connect()) as mariadb, mariadb.cursor() as cursor:
        cursor.execute(
            "select column_name, column_type, column_key, column_comment"
            " from information_schema.columns where table_name = 'csyxzm'"
        )
        found = {name: facts for name, *facts in cursor.fetchall()}
        cursor.execute(
            "select distinct engine, table_collation from information_schema.tables"
            " where table_schema = 'health_record'"
        )
        kept = cursor.fetchall()
    assert found["csrq"][0] == "date"
    assert found["gxsj"][0] == "datetime(6)"
    assert found["mqxm"] == ["varchar(200)", "", "母亲姓名"]
    assert found["zmbh"][1] == "PRI"
    assert kept == (("InnoDB", "utf8mb4_bin"),)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from jmjkda",
        "insert into swyxzm (zmbh, gxsj) values ('x', now())",
        "create table mine (a int)",
        "select * from transport_licence.dzzz",
        "set global binlog_format = 'STATEMENT'",
    ],
)
def test_the_reader_can_only_read_its_own(made: Settings, statement: str) -> None:
    url = source_environment(made, {})["CITYBASE_SOURCE_HEALTH_RECORD"]
    where = parse_location(url)
    with (
        closing(
            pymysql.connect(
                unix_socket=where.unix_socket,
                user=where.user,
                password=where.password.encode(),
                database=where.database,
            )
        ) as mariadb,
        mariadb.cursor() as cursor,
        pytest.raises(pymysql.err.OperationalError, match="denied"),
    ):
        cursor.execute(statement)


def test_a_city_that_is_made_again_is_read_anew() -> None:
    """On another server no place in the log of the earlier one means anything; on the same one the
    tables are others.
    """
    other = CityPlan(seed=12, scale=0.0002)
    with home() as settings:
        create_city(settings, PLAN)
        first = extracted(settings)
        pid = city_status(settings).mariadb_pid
        drop_city(settings)
        assert not Path(f"/proc/{pid}").exists()
        assert not settings.city.exists()
        create_city(settings, other)
        assert extracted(settings).keys() == first.keys()
        assert extracted(settings) != first
        create_city(settings, PLAN)
        assert extracted(settings) == first
