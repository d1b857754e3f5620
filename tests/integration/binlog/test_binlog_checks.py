"""What would lose rows is refused before the log is read, with what is to be done about it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from citybase.errors import SourceError
from sources.contract import System
from sources.highway import binlog_checks
from sources.highway.binlog_catalogue import BinlogCatalogue
from sources.highway.errors import CaptureRefusedError
from sources.simulator import servers_mariadb
from tests.integration.binlog.binlog_house import SERVER_ID, Source
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.integration

COLUMNS = ["id integer key", "name varchar"]
SETTINGS = {
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_row_metadata": "FULL",
    "server_id": "1",
}


@pytest.fixture
def restored(source: Source) -> Iterator[Source]:
    """A source whose server's settings a test may change."""
    yield source
    source.execute(*(f"set global {name} = {value}" for name, value in SETTINGS.items()))


def system_of(columns: list[str] = COLUMNS) -> System:
    return make_system({"technology": "mysql"}, {"x": columns})


def check(source: Source, system: System, *, replica_id: int = SERVER_ID) -> None:
    binlog_checks.check_capture(
        system, source.mariadb.reader, tables=system.tables, replica_id=replica_id
    )


def refusal(source: Source, system: System, *, replica_id: int = SERVER_ID) -> tuple[str, str]:
    with pytest.raises(CaptureRefusedError) as caught:
        check(source, system, replica_id=replica_id)
    assert caught.value.message.startswith("household_register")
    return caught.value.message, caught.value.remedy


def test_a_server_and_a_table_as_they_should_be_are_let_through(source: Source) -> None:
    source.execute(
        "create table x (id int primary key, name varchar(9)) comment 'ON DELETE CASCADE'"
    )
    check(source, system_of())


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("binlog_format", "MIXED"),
        ("binlog_format", "STATEMENT"),
        ("binlog_row_image", "MINIMAL"),
        ("binlog_row_image", "NOBLOB"),
        ("binlog_row_metadata", "NO_LOG"),
    ],
)
def test_a_log_that_leaves_something_out_is_refused(
    restored: Source, setting: str, value: str
) -> None:
    restored.execute(
        "create table x (id int primary key, name varchar(9))", f"set global {setting} = {value}"
    )
    message, remedy = refusal(restored, system_of())
    assert f"{setting} = {value}" in message
    assert f"set global {setting} = '{SETTINGS[setting]}'" in remedy


def test_a_server_with_our_own_number_is_refused(restored: Source) -> None:
    restored.execute(f"set global server_id = {SERVER_ID}")
    assert "has the server id" in refusal(restored, system_of())[0]


def test_a_replica_that_leaves_out_what_it_replicates_is_refused(source: Source) -> None:
    source.execute(
        "create table x (id int primary key, name varchar(9))",
        "set global gtid_slave_pos = '9-2-5'",
    )
    try:
        message, remedy = refusal(source, system_of())
    finally:
        source.execute("set global gtid_slave_pos = ''")
    assert "log_slave_updates is off" in message
    assert "log_slave_updates = ON" in remedy


@pytest.mark.parametrize("right", ["replication slave", "binlog monitor"])
def test_a_user_who_may_not_follow_is_refused(source: Source, right: str) -> None:
    source.execute(
        "create table x (id int primary key, name varchar(9))",
        f"revoke {right} on *.* from reader@localhost",
    )
    message, remedy = refusal(source, system_of())
    assert "does not let user reader follow" in message
    assert f"grant {right} on *.*" in remedy


@pytest.mark.parametrize(
    ("create", "message"),
    [
        ("create table y (id int)", "does not exist in database"),
        ("create table x (id int, name varchar(9))", "has no primary key"),
        ("create table x (id int, name varchar(9), unique (id))", "has no primary key"),
        ("create table x (id int, name varchar(9), primary key (id, name))", "has no unique index"),
        (
            "create table x (id int primary key, name varchar(9)) engine = MyISAM",
            "is kept by MyISAM",
        ),
        ("create view x as select 1 as id, 'a' as name", "is a view"),
        ("create table x (id int primary key, named varchar(9))", "lacks column name"),
        ("create table x (id int primary key, name point)", "which is a geometry"),
        ("create table x (id int primary key, name varchar(9) compressed)", "which is compressed"),
        (
            "create table x (id int primary key, name varchar(9) as (id) virtual)",
            "which is computed when it is read",
        ),
        (
            "create table x (id int primary key, name varchar(9) character set big5)",
            "which is in character set big5",
        ),
        (
            "create table x (id int primary key, name varchar(9)) with system versioning",
            "is a system versioned",
        ),
        (
            "create table x (id int primary key, name varchar(9), up int, "
            "foreign key (up) references x (id) on delete cascade)",
            "has a foreign key with ON DELETE",
        ),
        (
            "create table x (id int primary key, name varchar(9), up int, "
            "foreign key (up) references x (id) on update set null)",
            "has a foreign key with ON DELETE",
        ),
    ],
)
def test_a_table_whose_changes_are_not_all_in_the_log_is_refused(
    source: Source, create: str, message: str
) -> None:
    source.execute(create)
    said, remedy = refusal(source, system_of())
    assert message in said
    assert said.startswith("household_register.x (户籍管理系统, x) ")
    assert remedy


def test_a_server_without_a_log_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    options = servers_mariadb._options
    monkeypatch.setattr(
        servers_mariadb,
        "_options",
        lambda data: [one for one in options(data) if "log-bin" not in one and "binlog" not in one],
    )
    with tempfile.TemporaryDirectory(prefix="citybase-mariadb-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = servers_mariadb.start_mariadb(home / "data", home / "password")
        try:
            location = server.location(database="mysql", user="root", password=server.password)
            with pytest.raises(CaptureRefusedError, match="keeps no binary log"):
                binlog_checks.check_server(
                    BinlogCatalogue(system_of(), location), replica_id=SERVER_ID
                )
        finally:
            servers_mariadb.stop_mariadb(home / "data")


def test_how_far_behind_a_stream_is_and_how_far_the_log_reaches(source: Source) -> None:
    source.execute("create table x (id int primary key, name varchar(9))")
    system = system_of()
    catalogue = BinlogCatalogue(system, source.mariadb.reader)
    stream = source.follow(system, position=source.position())
    source.execute("insert into x values (1, 'a')")
    batch = source.drained(stream)[-1]
    assert binlog_checks.retention(catalogue, file=batch.file, at=batch.file_at).behind_bytes == 0

    source.execute("flush binary logs", "insert into x values (2, repeat('a', 9))")
    found = binlog_checks.retention(catalogue, file=batch.file, at=batch.file_at)

    assert 300 < found.behind_bytes < found.kept_bytes
    assert found.expire_seconds == 604_800


def test_a_replica_has_one_number_for_each_system_and_installation() -> None:
    system, other = system_of(), make_system({"technology": "mysql"}, {"x": COLUMNS}, code="other")
    numbers = {
        binlog_checks.server_id(system, "a"),
        binlog_checks.server_id(system, "b"),
        binlog_checks.server_id(other, "a"),
    }
    assert len(numbers) == 3
    assert binlog_checks.server_id(system, "a") in numbers
    assert all(1 << 31 <= number < 1 << 32 for number in numbers)


def test_errors_keep_the_password(source: Source) -> None:
    location = source.mariadb.reader.replace("reader:", "nobody:")
    with pytest.raises(SourceError) as caught:
        BinlogCatalogue(system_of(), location).ask("select 1")
    assert "p'w" not in caught.value.message
