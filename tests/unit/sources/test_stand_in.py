"""A file that stands in for a MySQL system: how it is located, and what is asked of it."""

from pathlib import Path

import pytest

from sources.connectors import open_source
from sources.connectors.sqlite import SqliteSession
from sources.registry import Registry
from sources.stand_in import as_located, stand_in_location, stand_in_path, stand_ins
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.unit

HEALTH = make_system(
    {"technology": "mysql"}, {"person": ["id varchar key"], "visit": ["id varchar key"]}
)
HEALTH = HEALTH.model_copy(
    update={"tables": [HEALTH.tables[0].model_copy(update={"mode": "log"}), HEALTH.tables[1]]}
)
VARIABLE = HEALTH.connection.location_env
LOCATED = {VARIABLE: "sqlite:/somewhere/health.sqlite"}


def test_a_table_without_a_log_is_compared_by_hashes() -> None:
    found = as_located(HEALTH, LOCATED)
    assert [table.mode for table in found.tables] == ["hash_diff", HEALTH.tables[1].mode]
    assert found.connection == HEALTH.connection


def test_a_server_is_read_as_the_registry_says() -> None:
    assert as_located(HEALTH, {VARIABLE: "mysql://reader:p@db/health"}) is HEALTH
    assert as_located(HEALTH, {}) is HEALTH


def test_only_a_mysql_system_has_a_stand_in() -> None:
    sqlite = make_system({"technology": "sqlite"}, {"relic": ["id varchar key"]}, code="museum")
    registry = Registry(systems=(sqlite, HEALTH))
    environment = {**LOCATED, sqlite.connection.location_env: "sqlite:/somewhere/museum.sqlite"}
    assert stand_ins(registry, environment) == (HEALTH.system,)
    assert stand_in_path(HEALTH, LOCATED[VARIABLE]) == Path("/somewhere/health.sqlite")
    assert stand_in_path(sqlite, "sqlite:/somewhere/museum.sqlite") is None


def test_the_file_is_what_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "health.sqlite"
    path.write_bytes(b"SQLite format 3\x00")
    with open_source(HEALTH, {VARIABLE: stand_in_location(path)}) as session:
        assert isinstance(session, SqliteSession)
