"""What is published: nothing personal for analysts, nothing readable without the key for others,
and every table says in Chinese what it is.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest

from citybase.duck import connect, literal
from citybase.serving.audience import AUDIENCES
from citybase.serving.keys import read_steward_key
from citybase.serving.open import open_library
from citybase.serving.scan import scan_for_personal_data
from citybase.serving.versions import current_version, read_record, version_folder
from orchestration.project import target_folder
from sources.simulator import truth_path
from tests.pipeline.pipeline_house import Built, House

pytestmark = pytest.mark.pipeline

NAMES = [audience.name for audience in AUDIENCES]
LIBRARIES = {"shared", "population", "legal_entity", "licence"}
_HAN = re.compile("[\u4e00-\u9fff]")
# Two or more Han characters in UTF-8, as a name would lie in a file.
_HAN_BYTES = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf][\x80-\xbf]){2,}")


def test_an_analyst_sees_no_name_number_or_phone(built: Built) -> None:
    folder = version_folder(built.house.settings, "analyst")
    assert scan_for_personal_data(folder, known_names=_names(built.house)) == []


def test_the_scan_finds_all_three_in_an_unmasked_table(built: Built, tmp_path: Path) -> None:
    leak = tmp_path / "leak.duckdb"
    with connect(leak) as connection:
        connection.execute(
            f"attach {literal(str(built.house.settings.warehouse))} as warehouse (read_only)"
        )
        connection.execute(
            "create table person as select person_key, name, resident_number, phone"
            " from warehouse.library.lib_population__entity_person"
            " where resident_number is not null and phone is not null limit 50"
        )
    found = scan_for_personal_data(leak, known_names=_names(built.house))
    assert {(finding.column, finding.kind) for finding in found} == {
        ("name", "name"),
        ("resident_number", "resident_number"),
        ("phone", "mobile_phone"),
    }


def test_a_steward_file_cannot_be_read_without_its_key(built: Built) -> None:
    folder = version_folder(built.house.settings, "steward")
    key = read_steward_key(built.house.settings)
    wrong = key[:-4] + ("AAA=" if key[-4:] != "AAA=" else "BBB=")
    for path in _files(folder):
        for options in ("read_only", f"read_only, encryption_key {literal(wrong)}"):
            with connect() as connection, pytest.raises(duckdb.Error):
                connection.execute(f"attach {literal(str(path))} as stolen ({options})")
        with connect() as connection:
            connection.execute(
                f"attach {literal(str(path))} as own (read_only, encryption_key {literal(key)})"
            )


def test_no_name_lies_in_the_bytes_of_a_steward_file(built: Built) -> None:
    names = _names(built.house)
    folder = version_folder(built.house.settings, "steward")
    for path in _files(folder):
        assert _names_in(path, names) == set(), path.name
    # The same search finds people where nothing is encrypted.
    assert len(_names_in(built.house.settings.warehouse, names)) > 100


@pytest.mark.parametrize("audience", NAMES)
def test_every_table_and_column_has_a_chinese_comment(built: Built, audience: str) -> None:
    with open_library(built.house.settings, audience) as connection:
        tables = connection.execute(
            "select database_name, table_name, comment from duckdb_tables() where not internal"
        ).fetchall()
        columns = connection.execute(
            "select database_name, table_name, column_name, comment from duckdb_columns()"
            " where not internal"
        ).fetchall()
    assert {database for database, *_ in tables} >= LIBRARIES | {"mart"}
    bare = [row for row in [*tables, *columns] if not _HAN.search(row[-1] or "")]
    assert not bare
    assert len(columns) > 100


@pytest.mark.parametrize("audience", NAMES)
def test_every_file_of_a_version_is_of_its_batch(built: Built, audience: str) -> None:
    settings = built.house.settings
    folder = version_folder(settings, audience)
    record = read_record(folder)
    assert record is not None
    assert record.batch == current_version(settings, audience) == int(folder.name[1:])
    assert {path.stem for path in _files(folder)} == set(record.libraries)
    with open_library(settings, audience) as connection:
        for name, library in record.libraries.items():
            batch, cut_id, as_of_date, own = connection.execute(
                f"select batch, cut_id, as_of_date, library from {name}.build"
            ).fetchall()[0]
            # The first version writes every file anew.
            assert (batch, cut_id, as_of_date, own) == (
                record.batch,
                record.cut_id,
                record.as_of_date,
                name,
            )
            assert library.written_in == record.batch
            for table, rows in library.tables.items():
                counted = connection.execute(f"select count(*) from {name}.{table}").fetchall()
                assert counted == [(rows,)], table


def test_the_columns_are_those_of_the_yaml_in_its_order(built: Built) -> None:
    settings = built.house.settings
    manifest = json.loads((target_folder(settings) / "manifest.json").read_text(encoding="utf-8"))
    models = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] in ("library", "quality", "mart")
    }
    built_columns = _columns(built.house.rows(_COLUMNS))
    assert built_columns.keys() == models.keys()
    wrong = {
        name: (list(node["columns"]), built_columns[name])
        for name, node in models.items()
        if list(node["columns"]) != built_columns[name]
    }
    assert not wrong
    with open_library(settings, "steward") as connection:
        published = _columns(connection.execute(_PUBLISHED_COLUMNS).fetchall())
    assert published == {
        _published_name(name, node["schema"]): list(node["columns"])
        for name, node in models.items()
    }


_COLUMNS = """
    select table_name, column_name
    from duckdb_columns()
    where schema_name in ('library', 'quality', 'mart') and column_name not like '\\_%' escape '\\'
    order by table_name, column_index
"""
_PUBLISHED_COLUMNS = """
    select database_name || '.' || table_name, column_name
    from duckdb_columns()
    where not internal and table_name <> 'build'
    order by database_name, table_name, column_index
"""


def _columns(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    return found


def _published_name(model: str, schema: str) -> str:
    """`lib_population__entity_person` is `population.entity_person`; others name their schema."""
    prefix, _, rest = model.partition("_")
    if schema == "library":
        library, _, table = rest.partition("__")
        return f"{library}.{table}"
    assert prefix in ("dq", "mart")
    return f"{schema}.{rest}"


def _files(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.duckdb"))
    assert len(files) >= len(LIBRARIES)
    return files


def _names(house: House) -> set[str]:
    """The name of everybody in the city, from the truth."""
    with connect(truth_path(house.settings), read_only=True) as connection:
        rows = connection.execute("select distinct name from main.person").fetchall()
    names = {name for (name,) in rows if len(name) > 1}
    assert len(names) > 1000
    return names


def _names_in(path: Path, names: set[str]) -> set[str]:
    longest = max(map(len, names))
    found = set()
    for run in _HAN_BYTES.findall(path.read_bytes()):
        text = run.decode()
        found |= {
            text[start : start + length]
            for start in range(len(text) - 1)
            for length in range(2, longest + 1)
        } & names
    return found
