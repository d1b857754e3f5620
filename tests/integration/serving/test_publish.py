"""What a publication leaves behind: versions, links, comments, checks, refusals."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.errors import WarehouseError
from citybase.lock import warehouse_lock
from citybase.serving.keys import steward_key_path
from citybase.serving.open import lock_down, open_library
from citybase.serving.versions import (
    current_version,
    list_versions,
    read_record,
    version_folder,
)
from tests.integration.serving.serving_house import (
    NODES,
    ORGANISATIONS,
    PERSONS,
    House,
    build_house,
    column,
    model,
)

pytestmark = pytest.mark.integration

AUDIENCES = ("steward", "analyst")


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A freshly built, unpublished house."""
    return build_house(tmp_path / "home")


def _file(house: House, audience: str, library: str) -> Path:
    return version_folder(house.settings, audience) / f"{library}.duckdb"


def test_every_audience_gets_its_files_in_one_batch(house: House) -> None:
    publication = house.publish()
    assert publication.batch == 1
    assert publication.cut_id == 7
    found = {v.audience: {f.library: dict(f.tables) for f in v.files} for v in publication.versions}
    libraries = {
        "legal_entity": {"entity_organisation": 5, "link_entity_identifier": 4},
        "mart": {"overview__population_by_county": 1},
        "population": {"entity_person": 3},
        "shared": {"code_value": 2},
    }
    assert found == {
        "analyst": libraries,
        "steward": libraries | {"quality": {"population__unidentified_record": 1}},
    }
    for audience in AUDIENCES:
        link = house.settings.serving / audience / "current"
        assert link.is_symlink()
        assert link.readlink() == Path("v1")
        record = read_record(link)
        assert record is not None
        assert (record.batch, record.audience, record.cut_id) == (1, audience, 7)
        for file in link.glob("*.duckdb"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o444
        assert not list(link.glob("*.wal"))
    assert not (house.settings.serving / ".building").exists()


def test_steward_sees_everything_but_bookkeeping(house: House) -> None:
    house.publish()
    with open_library(house.settings, "steward") as connection:
        found = connection.execute(
            "select person_key, resident_number, name, birth_date::varchar, address, phone"
            " from population.entity_person"
        ).fetchall()
        assert found == list(PERSONS)
        columns = [
            row[0] for row in connection.execute("describe population.entity_person").fetchall()
        ]
        assert "health_note" in columns
        assert "_row_hash" not in columns
        assert connection.execute("from quality.population__unidentified_record").fetchall() == [
            ("37130219850712001X",)
        ]


def test_analyst_sees_classes_and_masks(house: House) -> None:
    house.publish()
    with open_library(house.settings, "analyst") as connection:
        relation = connection.sql("from population.entity_person order by person_key")
        assert relation.columns == ["person_key", "name", "birth_month", "address", "phone"]
        assert relation.fetchall() == [
            (1, "张*丽", "1985-07", "山东省临沂市兰山区", "139****1234"),
            (2, "欧阳**", "1990-03", "沂南县", "138****4321"),
            (3, "李*", None, None, None),
        ]


def test_what_may_be_an_individual_business_is_hidden_row_by_row(house: House) -> None:
    house.publish()
    with open_library(house.settings, "analyst") as connection:
        by_key = {
            row[0]: row[1:]
            for row in connection.execute("from legal_entity.entity_organisation").fetchall()
        }
        links = dict(connection.execute("from legal_entity.link_entity_identifier").fetchall())
    assert by_key[11] == ORGANISATIONS[0][1:]
    assert by_key[13] == ORGANISATIONS[2][1:]
    assert by_key[12] == ("92" + "*" * 16, "*" * 15, "*" * 8)
    assert by_key[14] == (None, "*" * 15, "*" * 6)
    assert by_key[15] == (None, None, "*" * 6)
    assert links == {
        11: "371300200001234",
        12: "*" * 15,
        13: "371302100001238",
        14: "*" * 15,
    }


def test_rows_lie_sorted_by_the_first_plain_column(house: House) -> None:
    house.publish()
    for audience in AUDIENCES:
        with open_library(house.settings, audience) as connection:
            keys = connection.execute(
                "select person_key from population.entity_person order by rowid"
            ).fetchall()
        assert keys == [(1,), (2,), (3,)]


def test_a_declared_lookup_key_sorts_where_it_is_plain_and_is_no_hint_where_masked(
    house: House,
) -> None:
    house.publish()
    sql = "select entity_key from legal_entity.link_entity_identifier order by rowid"
    with open_library(house.settings, "steward") as connection:
        assert connection.execute(sql).fetchall() == [(11,), (13,), (12,), (14,)]
    with open_library(house.settings, "analyst") as connection:
        assert connection.execute(sql).fetchall() == [(11,), (12,), (13,), (14,)]


def test_comments_travel_inside_the_files(house: House) -> None:
    house.publish()
    sql = (
        "select column_name, comment from duckdb_columns() where comment is not null"
        " and database_name in ('population', 'legal_entity') and table_name <> 'build'"
        " order by all"
    )
    with open_library(house.settings, "steward") as connection:
        assert connection.execute(sql).fetchall() == [
            ("entity_key", "法人主键"),
            ("name", "姓名"),
            ("person_key", "自然人主键"),
        ]
        assert connection.execute(
            "select comment from duckdb_tables() where table_name = 'entity_person'"
        ).fetchall() == [("自然人'一人一行'",)]
    with open_library(house.settings, "analyst") as connection:
        comments = dict(connection.execute(sql).fetchall())
    assert comments["person_key"] == "自然人主键"
    assert comments["name"].startswith("姓名(已脱敏")


def test_the_build_table_says_where_the_file_comes_from(house: House) -> None:
    house.publish()
    with open_library(house.settings, "analyst") as connection:
        assert connection.execute(
            "select batch, library, as_of_date::varchar, cut_id, model_count, row_count"
            " from legal_entity.build"
        ).fetchall() == [(1, "legal_entity", "2025-06-01", 7, 2, 9)]


def test_unchanged_libraries_are_hard_links(house: House) -> None:
    house.publish()
    first = {a: _file(house, a, "population").stat().st_ino for a in AUDIENCES}
    house.change("update library.lib_shared__code_value set label = '蒙古' where code = '02'")
    publication = house.publish()
    assert publication.batch == 2
    for version in publication.versions:
        linked = {file.library: file.is_linked for file in version.files}
        assert linked.pop("shared") is False
        assert all(linked.values())
        assert _file(house, version.audience, "population").stat().st_ino == first[version.audience]
    record = read_record(version_folder(house.settings, "analyst"))
    assert record is not None
    assert record.libraries["population"].written_in == 1
    assert record.libraries["shared"].written_in == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update library.lib_population__entity_person set phone = '13900001235' where person_key=1",
        "comment on column library.lib_population__entity_person.phone is '电话'",
        "alter table library.lib_population__entity_person alter person_key type integer",
        "delete from library.lib_population__entity_person where person_key = 3",
    ],
    ids=["value", "comment", "type", "row"],
)
def test_any_change_of_content_writes_the_file_anew(house: House, statement: str) -> None:
    house.publish()
    house.change(statement)
    for version in house.publish().versions:
        linked = {file.library: file.is_linked for file in version.files}
        assert linked["population"] is False
        assert linked["mart"] is True


def test_another_day_writes_every_file_anew_and_another_cut_none(house: House) -> None:
    house.publish()
    house.change("update meta.cut set cut_id = 8")
    publication = house.publish()
    assert publication.cut_id == 8
    assert all(file.is_linked for version in publication.versions for file in version.files)
    house.change("update meta.cut set as_of_date = date '2025-06-02'")
    publication = house.publish()
    assert not any(file.is_linked for version in publication.versions for file in version.files)
    with open_library(house.settings, "analyst") as connection:
        found = connection.execute("select as_of_date::varchar, cut_id from population.build")
        assert found.fetchall() == [("2025-06-02", 8)]


def test_another_mask_writes_only_the_file_it_changes(house: House) -> None:
    house.publish()
    nodes = json.loads(json.dumps(NODES))
    nodes[0]["columns"]["phone"]["config"]["meta"]["mask"] = "drop"
    house.declare(nodes)
    linked = {
        (version.audience, file.library): file.is_linked
        for version in house.publish().versions
        for file in version.files
    }
    assert [key for key, is_linked in linked.items() if not is_linked] == [
        ("analyst", "population")
    ]


def test_a_damaged_file_is_not_linked_on(house: House) -> None:
    house.publish()
    path = _file(house, "analyst", "population")
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    for at in range(12288 + 4096, len(data), 4096):
        data[at] ^= 0xFF
    path.write_bytes(data)
    files = {
        f.library: f for v in house.publish().versions for f in v.files if "analyst" in str(f.path)
    }
    assert not files["population"].is_linked
    with open_library(house.settings, "analyst") as connection:
        assert connection.execute("select count(*) from population.entity_person").fetchone() == (
            3,
        )


def test_the_last_three_versions_stay(house: House) -> None:
    for expected in range(1, 6):
        assert house.publish().batch == expected
    for audience in AUDIENCES:
        assert list_versions(house.settings, audience) == [3, 4, 5]
        assert current_version(house.settings, audience) == 5
    with open_library(house.settings, "analyst", version=3) as connection:
        assert connection.execute("select count(*) from population.entity_person").fetchone() == (
            3,
        )
    with pytest.raises(WarehouseError, match="3, 4, 5"):
        open_library(house.settings, "analyst", version=2)


def test_an_open_reader_keeps_its_version_and_a_new_one_sees_the_new(house: House) -> None:
    house.publish()
    sql = "select name from population.entity_person where person_key = 3"
    with open_library(house.settings, "analyst") as old:
        for name in ("韩梅梅", "王小明", "赵钱孙", "周吴郑"):
            house.change(
                f"update library.lib_population__entity_person set name = '{name}'"
                " where person_key = 3"
            )
            house.publish()
            assert old.execute(sql).fetchone() == ("李*",)
            with open_library(house.settings, "analyst") as new:
                assert new.execute(sql).fetchone() == (f"{name[0]}*{name[2]}",)
        assert 1 not in list_versions(house.settings, "analyst")


def test_published_files_cannot_be_written(house: House) -> None:
    house.publish()
    with open_library(house.settings, "analyst") as connection:
        with pytest.raises(Exception, match="read-only"):
            connection.execute("delete from population.entity_person")
        lock_down(connection)
        target = house.settings.home / "out.csv"
        with pytest.raises(Exception, match="disabled"):
            connection.execute(f"copy population.entity_person to '{target}'")
        assert connection.execute("select count(*) from shared.code_value").fetchone() == (2,)


def test_a_column_without_class_refuses_the_publication(house: House) -> None:
    house.publish()
    house.change("alter table library.lib_population__entity_person add column nickname varchar")
    with pytest.raises(WarehouseError) as refused:
        house.publish()
    assert "lib_population__entity_person.nickname" in refused.value.message
    assert "lib_population__entity_person.yml" in refused.value.remedy
    assert "class: <open | internal" in refused.value.remedy
    assert current_version(house.settings, "analyst") == 1
    assert list_versions(house.settings, "steward") == [1]
    assert not (house.settings.serving / ".building").exists()


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"class": "secret"}, "class: secret"),
        ({"class": "identifying", "mask": "scramble"}, "mask: scramble"),
        ({"class": "open", "masks": "name"}, "masks: name"),
        ({"class": "identifying", "mask": "individual_business"}, "individual_business"),
        ({"class": "identifying", "mask": "birth_month"}, "birth_month"),
    ],
)
def test_a_declaration_outside_the_lists_refuses_the_publication(
    house: House, declared: dict[str, str], said: str
) -> None:
    nodes = json.loads(json.dumps(NODES))
    nodes[1]["columns"]["name"]["config"]["meta"] = declared
    house.declare(nodes)
    with pytest.raises(WarehouseError) as refused:
        house.publish()
    assert "lib_legal_entity__entity_organisation.name" in refused.value.message
    assert said in refused.value.message
    assert current_version(house.settings, "analyst") is None


def test_meta_is_read_in_its_old_place_too(house: House) -> None:
    nodes = json.loads(json.dumps(NODES))
    declared = nodes[3]["columns"]["label"]
    declared["meta"] = declared.pop("config")["meta"]
    house.declare(nodes)
    assert house.publish().batch == 1


def test_a_declared_model_must_be_in_the_warehouse(house: House) -> None:
    house.declare([*NODES, model("mart", "mart_overview__x_by_y", {"n": column("open")})])
    with pytest.raises(WarehouseError, match="mart_overview__x_by_y"):
        house.publish()


def test_a_name_that_leads_nowhere_is_refused(house: House) -> None:
    house.declare([*NODES, model("library", "population_person", {"n": column("open")})])
    with pytest.raises(WarehouseError, match="population_person"):
        house.publish()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"nodes": []}'])
def test_an_unreadable_manifest_is_one_clear_error(house: House, text: str) -> None:
    house.manifest.write_text(text, encoding="utf-8")
    with pytest.raises(WarehouseError, match="manifest"):
        house.publish()


def test_a_warehouse_without_a_cut_is_refused(house: House) -> None:
    house.change("drop table meta.cut")
    with pytest.raises(WarehouseError, match=r"meta\.cut"):
        house.publish()


def test_nothing_published_says_what_to_do(house: House) -> None:
    with pytest.raises(WarehouseError) as refused:
        open_library(house.settings, "analyst")
    assert "make demo" in refused.value.remedy
    with pytest.raises(WarehouseError, match="no audience `nobody`"):
        open_library(house.settings, "nobody")


def test_the_warehouse_is_locked_while_publishing(house: House) -> None:
    code = (
        "import sys; from pathlib import Path; from citybase.settings import Settings\n"
        "from citybase.errors import LockedError; from citybase.serving.publish import publish\n"
        "home = Path(sys.argv[1])\n"
        "try: publish(Settings(home=home), manifest=home / 'manifest.json')\n"
        "except LockedError as error: sys.exit(7)\n"
    )
    with warehouse_lock(house.settings, "test"):
        done = subprocess.run([sys.executable, "-c", code, str(house.settings.home)], check=False)
    assert done.returncode == 7
    assert current_version(house.settings, "analyst") is None


def test_paths_with_quotes_and_spaces_work(tmp_path: Path) -> None:
    house = build_house(tmp_path / 'o\'dd "home" 城市')
    house.publish()
    for audience in AUDIENCES:
        with open_library(house.settings, audience) as connection:
            assert connection.execute("select count(*) from shared.code_value").fetchone() == (2,)


def test_steward_files_are_closed_to_all_without_the_key(house: House) -> None:
    house.publish()
    path = steward_key_path(house.settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    file = _file(house, "steward", "population")
    with connect() as connection, pytest.raises(Exception, match="without a key"):
        connection.execute(f"attach '{file}' as p (read_only)")
    for other in version_folder(house.settings, "steward").glob("*.duckdb"):
        data = other.read_bytes()
        for person in PERSONS:
            assert person[2].encode() not in data
            assert person[1] is None or person[1].encode() not in data
        assert "自然人".encode() not in data
    # The same search finds what is not encrypted, so it can fail.
    analyst = _file(house, "analyst", "population").read_bytes()
    assert "自然人".encode() in analyst
    for person in PERSONS:
        assert person[2].encode() not in analyst


def test_a_lost_key_is_not_replaced_silently(house: House) -> None:
    house.publish()
    path = steward_key_path(house.settings)
    path.unlink()
    with pytest.raises(WarehouseError, match="missing") as refused:
        house.publish()
    assert "backup" in refused.value.remedy
    with pytest.raises(WarehouseError, match="missing"):
        open_library(house.settings, "steward")
    assert not path.exists()
    assert current_version(house.settings, "analyst") == 1


def test_a_wrong_key_a_damaged_key_and_an_open_key_are_told_apart(house: House) -> None:
    house.publish()
    path = steward_key_path(house.settings)
    right = path.read_text()
    path.write_text("A" * 43 + "=\n")
    with pytest.raises(WarehouseError, match="another one") as refused:
        open_library(house.settings, "steward")
    assert "A" * 43 not in str(refused.value)
    path.write_text("short\n")
    with pytest.raises(WarehouseError, match="cannot be read"):
        open_library(house.settings, "steward")
    path.write_text(right)
    path.chmod(0o644)
    with pytest.raises(WarehouseError, match="0644"):
        open_library(house.settings, "steward")
    path.chmod(0o600)
    open_library(house.settings, "steward").close()


def test_another_key_writes_every_steward_file_anew(house: House) -> None:
    house.publish()
    steward_key_path(house.settings).write_text("B" * 43 + "=\n")
    linked = {v.audience: [f.is_linked for f in v.files] for v in house.publish().versions}
    assert not any(linked["steward"])
    assert all(linked["analyst"])


DEFINITION = "create table meta.library_definition (model_name varchar, definition_hash varchar"


def test_a_library_built_for_another_day_is_not_published_under_this_one(house: House) -> None:
    house.change(
        f"{DEFINITION}, built_at timestamp, cut_id bigint, as_of_date date)",
        "insert into meta.library_definition values"
        " ('lib_population__entity_person', 'x', now()::timestamp, 6, date '2025-05-31'),"
        " ('lib_legal_entity__entity_organisation', 'x', now()::timestamp, 7, date '2025-06-01'),"
        " ('lib_shared__code_value', 'x', now()::timestamp, 7, null),"
        " ('lib_licence__removed_long_ago', 'x', now()::timestamp, 1, date '2024-01-01')",
    )

    with pytest.raises(WarehouseError) as caught:
        house.publish()

    assert "of 2025-06-01" in caught.value.message
    assert caught.value.message.endswith(": lib_population__entity_person of 2025-05-31.")
    assert "`citybase build`" in caught.value.remedy
    assert "`citybase bind --as-of 2025-05-31`" in caught.value.remedy
    assert current_version(house.settings, "analyst") is None

    house.change("update meta.library_definition set as_of_date = '2025-06-01'")
    assert house.publish().batch == 1


def test_a_warehouse_that_does_not_tell_its_day_is_published(house: House) -> None:
    house.change(f"{DEFINITION})", "insert into meta.library_definition values ('x', 'y')")
    assert house.publish().batch == 1
