"""Front ends that share views alone: found, drafted, and landed once a person has named the key."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from citybase.errors import CitybaseError
from sources.contract import System
from sources.registry import load_system
from tests.integration.extraction.discover_house import DECIDED, Discovery, discovery
from tests.integration.extraction.extraction_house import Server
from tests.integration.extraction.test_discover import reader_url
from tests.mariadb_house import Mariadb

__all__ = ["discovery"]
pytestmark = pytest.mark.integration

SHARED = """
    drop schema if exists hidden cascade;
    create schema hidden;
    create table hidden.renkou (rybh text primary key, xm text, gxsj timestamp);
    insert into hidden.renkou values ('r1', '王伟', now()), ('r2', '李娜', now());
    create view huji.v_renkou as select * from hidden.renkou;
    comment on view huji.v_renkou is '共享人口视图';
"""


def taken(discovery: Discovery, url: str, table: str, key: str, *words: str) -> System:
    """Discover what holds no table with a key, and do by hand what the closing lines say."""
    path = discovery.folder / "strange_office" / "strange.yml"
    discovery.house.monkeypatch.setenv("CITYBASE_SOURCE_STRANGE", url)

    done = discovery.run(
        "source", "discover", url, *DECIDED, "--system=strange", f"--output={path}", *words
    )

    assert done.exit_code == 0, done.stderr
    assert f"Next: fill in what says ??? in {path}" in done.stderr
    assert "take at least one of the 1 without a key" in done.stderr
    refused = discovery.run("source", "check").exception
    assert isinstance(refused, CitybaseError)
    assert "leaves `tables` undecided" in refused.message
    assert "at least one of the tables below" in refused.remedy
    text = path.read_text(encoding="utf-8")
    assert f"# {table} is left out: it is a view: only a person knows" in text
    discovery.said.append(text)
    head, _, rest = text.partition("\ntables:")
    block = rest.partition(f"# {table} is left out")[2].split("\n")[1:]
    lines = [line.removeprefix("# ") for line in block if line.startswith("#   ")]
    body = re.sub(r"keys: .*", f"keys: [{key}]", "\n".join(lines))
    body = re.sub(rf"(column: {key},.*nullable: )true", r"\1false", body)
    path.write_text(f"{head}\ntables:\n{body}\n", encoding="utf-8")
    return load_system(path)


def test_a_postgresql_that_shares_only_views_is_drafted_and_lands(
    server: Server, schema: str, discovery: Discovery
) -> None:
    server.execute(SHARED)

    system = taken(discovery, reader_url(server), "v_renkou", "rybh", "--sample")

    assert "hidden is passed over: it is a schema of 1 tables and views" in "".join(discovery.said)
    assert system.connection.model_dump()["db_schema"] == "huji"
    [table] = system.tables
    assert (table.source_name, table.name) == ("v_renkou", "共享人口视图")
    assert table.column("name").sensitivity == "identifying"
    assert discovery.landed_counts(system) == {"v_renkou": (2, 2, 0)}
    server.execute("drop schema hidden cascade")


def test_a_postgresql_of_which_nothing_may_be_read_says_what_to_ask_for(
    server: Server, schema: str, discovery: Discovery
) -> None:
    server.execute(SHARED + "revoke select on huji.v_renkou from reader")

    refused = discovery.run("source", "discover", reader_url(server), "--schema=huji").exception

    server.execute("drop schema hidden cascade")
    assert isinstance(refused, CitybaseError)
    assert "none of which can be read: v_renkou: this user may not read it" in refused.message
    assert "grant select on all tables in schema huji" in refused.remedy


def test_a_table_whose_rows_a_policy_hides_is_drafted_with_the_way_out(
    server: Server, schema: str, discovery: Discovery
) -> None:
    server.execute("create table huji.t (id int primary key); insert into huji.t values (1)")
    server.execute("alter table huji.t enable row level security")

    system = discovery.draft(reader_url(server), "--schema=huji")

    text = (discovery.folder / "strange_office" / "strange.yml").read_text(encoding="utf-8")
    assert "# row security hides rows from this user" in text
    refused = discovery.run("source", "check", "--connect", system.system)
    assert refused.exit_code != 0
    assert "has row security, which hides rows" in refused.stdout + refused.stderr


def test_a_mariadb_that_shares_only_views_is_drafted_and_lands(
    mariadb: Mariadb, discovery: Discovery
) -> None:
    mariadb.execute("create view v_renkou as select 1 as rybh, '王伟' as xm")

    system = taken(discovery, mariadb.reader, "v_renkou", "rybh")

    assert system.tables[0].name == "v_renkou"
    assert discovery.landed_counts(system) == {"v_renkou": (1, 1, 0)}


def test_a_sqlite_that_shares_only_views_is_drafted_and_lands(
    tmp_path: Path, discovery: Discovery
) -> None:
    path = tmp_path / "front.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create view v_renkou as select 'r1' as rybh, '王伟' as xm")
        connection.execute("create view broken as select * from nowhere")
        connection.commit()

    system = taken(discovery, str(path), "v_renkou", "rybh")

    assert "broken: it is a view that does not work" in "".join(discovery.said)
    assert discovery.landed_counts(system) == {"v_renkou": (1, 1, 0)}


def test_a_database_without_table_or_view_is_refused(tmp_path: Path, discovery: Discovery) -> None:
    path = tmp_path / "empty.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 1")

    refused = discovery.run("source", "discover", str(path)).exception

    assert isinstance(refused, CitybaseError)
    assert "empty holds 0 tables and views" in refused.message
