"""The operational store: its migrations build what the schema says, whoever opens it first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from citybase.errors import SettingsError
from citybase.settings import Settings
from citybase.store import open_store, reading, writing
from citybase.store.engine import URL_VARIABLE, _config
from citybase.store.schema import cut, metadata

pytestmark = pytest.mark.unit

OPEN = """
import sys
from pathlib import Path
from citybase.settings import Settings
from citybase.store import open_store
open_store(Settings(home=Path(sys.argv[1]))).dispose()
"""


def test_the_migrations_build_exactly_the_declared_tables(tmp_path: Path) -> None:
    engine = open_store(Settings(home=tmp_path))

    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_many_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path)], stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    assert [(p.wait(timeout=60), p.communicate()[1]) for p in processes] == [(0, "")] * 4


def test_a_store_is_durable_and_keeps_its_references(tmp_path: Path) -> None:
    with open_store(Settings(home=tmp_path)).connect() as connection:
        pragmas = {
            name: connection.scalar(sa.text(f"pragma {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reader_sees_one_state_while_a_writer_commits(tmp_path: Path) -> None:
    engine = open_store(Settings(home=tmp_path))
    count = sa.select(sa.func.count()).select_from(cut)
    row = {"bound_at": sa.func.current_timestamp(), "as_of_date": sa.func.current_date()}

    with reading(engine) as reader:
        before = reader.scalar(count)
        with writing(engine) as writer:
            writer.execute(cut.insert().values(row))
        assert reader.scalar(count) == before == 0
    with reading(engine) as reader:
        assert reader.scalar(count) == 1


def test_a_store_of_a_newer_citybase_is_refused(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_store(settings).begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))

    with pytest.raises(SettingsError, match="newer citybase"):
        open_store(settings)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://root:geheim@host/x", "postgresql+psycopg://u:geheim@127.0.0.1:1/x"]
)
def test_a_wrong_address_is_one_clear_error_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)

    with pytest.raises(SettingsError) as caught:
        open_store(Settings(home=tmp_path))
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert os.environ[URL_VARIABLE] == url


def test_what_older_batches_held_is_known_of_those_that_replace_or_add(tmp_path: Path) -> None:
    engine = open_store(Settings(home=tmp_path))
    old = [
        ("full", "base", 5), ("full", "base", 3), ("append_only", "log", 4),
        ("append_only", "log", 2), ("cursor", "base", 6), ("cursor", "log", 9),
    ]  # fmt: skip
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
        for mode in ("full", "append_only", "cursor"):
            connection.execute(
                sa.text("insert into schema_version values ('s', :mode, 1, '[]', '2026-01-01')"),
                {"mode": mode},
            )
        for number, (mode, kind, rows) in enumerate(old, 1):
            values = {"number": number, "mode": mode, "kind": kind, "rows": rows}
            connection.execute(
                sa.text(
                    "insert into attempt (batch_id, system_code, table_code, started_at)"
                    " values (:number, 's', :mode, '2026-01-01')"
                ),
                values,
            )
            connection.execute(
                sa.text(
                    "insert into batch (batch_id, system_code, table_code, mode, kind, position,"
                    " files, quarantine_files, rows_read, rows_landed, rows_quarantined, checksum,"
                    " schema_version, started_at, committed_at) values (:number, 's', :mode, :mode,"
                    " :kind, '{}', '[]', '[]', :rows, :rows, 0, '0', 1, '2026-01-01', '2026-01-01')"
                ),
                values,
            )
        command.upgrade(config, "head")
        found = connection.scalars(sa.text("select rows_held from batch order by batch_id")).all()

    assert found == [5, 3, 4, 6, 6, None]
