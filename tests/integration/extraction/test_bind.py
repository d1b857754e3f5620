"""Bind: the warehouse sees one committed cut, typed, and knows which."""

from datetime import date, datetime
from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.errors import LockedError, WarehouseError
from citybase.lock import warehouse_lock
from citybase.store import open_store
from sources.append import append_rows
from sources.contract import System
from sources.ledger import last_batch
from sources.raw import Cut, bind
from sources.registry import Registry
from tests.integration.extraction.extraction_house import CSV, House, make_system

pytestmark = pytest.mark.integration

TABLES = {
    "person=人员_*.csv": ["id varchar key", "age integer", "born date"],
    "visit=就诊_*.csv": ["id varchar key", "person_id varchar"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "人员_1.csv").write_text("id,age,born\na,7,2020-01-01\nb,x,\n", encoding="gb18030")
    (folder / "就诊_1.csv").write_text("id,person_id\n1,a\n", encoding="gb18030")
    return folder


@pytest.fixture
def system(folder: Path, house: House) -> System:
    system = make_system(CSV, TABLES, code="health")
    house.locate(system, folder)
    return system


def bind_it(house: House, *systems: System, as_of: date | None = None) -> Cut:
    return bind(house.settings, as_of=as_of, registry=Registry(systems=systems))


def ask(house: House, query: str) -> list[tuple[object, ...]]:
    with connect(house.settings.warehouse, read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def test_raw_holds_the_landed_rows_under_their_types(system: System, house: House) -> None:
    house.extract(system)

    cut = bind_it(house, system)

    assert (cut.batches, cut.rows) == (2, 2)
    assert ask(house, "select id, age, born, _op, _position from raw.health__person") == [
        ("a", 7, date(2020, 1, 1), "r", "2")
    ]
    assert ask(house, "select column_name, column_type from (describe raw.health__person)") == [
        ("id", "VARCHAR"),
        ("age", "INTEGER"),
        ("born", "DATE"),
        ("_op", "VARCHAR"),
        ("_position", "VARCHAR"),
        ("_committed_at", "TIMESTAMP"),
        ("_batch_id", "BIGINT"),
    ]


def test_a_build_sees_the_bound_cut_until_the_next_bind(
    system: System, folder: Path, house: House
) -> None:
    house.extract(system)
    first = bind_it(house, system)
    (folder / "人员_2.csv").write_text("id,age,born\nc,9,\n", encoding="gb18030")
    house.extract(system)

    assert ask(house, "select id from raw.health__person") == [("a",)]
    assert ask(house, "select cut_id from meta.cut") == [(first.cut_id,)]

    second = bind_it(house, system)
    assert ask(house, "select id from raw.health__person") == [("c",)]
    assert second.cut_id > first.cut_id


def test_a_bind_that_fails_leaves_the_cut_before_it(
    system: System, folder: Path, house: House
) -> None:
    house.extract(system)
    first = bind_it(house, system)
    (folder / "人员_2.csv").write_text("id,age,born\nc,9,\n", encoding="gb18030")
    house.extract(system)
    for file in (house.settings.landing / "health" / "visit").glob("*.parquet"):
        file.rename(file.with_suffix(".gone"))

    with pytest.raises(WarehouseError, match=r"health\.visit: .*/visit/\d+\.parquet.*not there"):
        bind_it(house, system)

    assert ask(house, "select id from raw.health__person") == [("a",)]
    assert ask(house, "select cut_id from meta.cut") == [(first.cut_id,)]


def test_meta_tells_the_cut_its_batches_and_its_sources(system: System, house: House) -> None:
    [person, visit] = house.extract(system).receipts

    cut = bind_it(house, system, as_of=date(2024, 2, 29))

    assert ask(house, "from meta.cut") == [(cut.cut_id, cut.bound_at, date(2024, 2, 29))]
    assert isinstance(cut.bound_at, datetime)
    assert ask(
        house,
        "select batch_id, table_code, rows_read, rows_landed, rows_quarantined "
        "from meta.batch order by batch_id",
    ) == [(person.batch_id, "person", 2, 1, 1), (visit.batch_id, "visit", 1, 1, 0)]
    assert ask(house, "select distinct system_code, technology, mode from meta.source_table") == [
        ("health", "csv", "full")
    ]
    assert ask(
        house,
        "select column_code, type, is_key, sensitivity_code from meta.source_column "
        "where table_code = 'visit' order by column_code",
    ) == [("id", "varchar", True, "internal"), ("person_id", "varchar", False, "internal")]
    assert ask(house, "select table_code, column_code, raw_value, reason from meta.quarantine") == [
        ("person", "age", "x", "not_integer")
    ]


def test_meta_tells_what_places_a_table_writes(tmp_path: Path, house: House) -> None:
    folder = tmp_path / "places"
    folder.mkdir()
    (folder / "商户_1.csv").write_text(
        "id,division_code\n1,371302\n2,371302\n3,兰山区\n4,\n", encoding="gb18030"
    )
    (folder / "就诊_1.csv").write_text("id,person_id\n1,a\n", encoding="gb18030")
    tables = {
        "shop=商户_*.csv": ["id varchar key", "division_code varchar"],
        "visit=就诊_*.csv": TABLES["visit=就诊_*.csv"],
    }
    market = make_system(CSV, tables, code="market")
    house.locate(market, folder)
    house.extract(market)

    bind_it(house, market)

    assert ask(
        house,
        "select table_code, written_division, row_count from meta.written_division"
        " order by written_division nulls last",
    ) == [("shop", "371302", 2), ("shop", "兰山区", 1), ("shop", None, 1)]


def test_tables_without_a_batch_are_empty_but_typed(system: System, house: House) -> None:
    cut = bind_it(house, system)

    assert cut.unlanded == ("health__person", "health__visit")
    assert ask(house, "select count(*), max(typeof(age)) from raw.health__person") == [(0, None)]
    assert ask(house, "select column_type from (describe raw.identity_register__person)")[:5] == [
        ("BIGINT",),
        ("VARCHAR",),
        ("BIGINT",),
        ("VARCHAR",),
        ("BIGINT",),
    ]
    assert ask(house, "select count(*) from meta.quarantine") == [(0,)]


def test_a_table_that_left_the_registry_leaves_raw(system: System, house: House) -> None:
    house.extract(system)
    bind_it(house, system)
    smaller = system.model_copy(update={"tables": system.tables[:1]})

    bind_it(house, smaller)

    names = ask(house, "select view_name from duckdb_views() where schema_name = 'raw'")
    assert ("health__visit",) not in names
    assert ("health__person",) in names


def test_a_column_new_in_the_registry_is_null_until_it_lands(system: System, house: House) -> None:
    house.extract(system)
    wider = make_system(
        CSV, {"person=人员_*.csv": [*TABLES["person=人员_*.csv"], "phone varchar"]}, code="health"
    )

    bind_it(house, wider)

    assert ask(house, "select id, phone from raw.health__person") == [("a", None)]


def test_a_retyped_column_is_cast_to_the_registrys_type(
    system: System, folder: Path, house: House
) -> None:
    house.extract(system)
    wider = make_system(
        CSV,
        {"person=人员_*.csv": ["id varchar key", "age decimal(9,1)", "born date"]},
        code="health",
    )

    bind_it(house, wider)

    assert ask(house, "select typeof(age) from raw.health__person") == [("DECIMAL(9,1)",)]
    assert house.last(system, "person").schema_version == 1
    house.extract(wider)
    assert house.last(system, "person").schema_version == 2


def test_equal_content_under_other_promises_is_landed_anew(
    system: System, folder: Path, house: House
) -> None:
    house.extract(system)
    stricter = make_system(
        CSV,
        {"person=人员_*.csv": ["id varchar key", "age integer required", "born date"]},
        code="health",
    )

    [receipt] = house.extract(stricter).receipts

    assert not receipt.unchanged
    assert house.last(stricter, "person").schema_version == 2
    assert house.extract(stricter).receipts[0].unchanged


def test_bind_needs_the_warehouse_to_itself(system: System, house: House) -> None:
    with (
        warehouse_lock(house.settings, "someone's build"),
        pytest.raises(LockedError, match="someone's build"),
    ):
        bind_it(house, system)


def test_meta_tells_of_a_table_of_many_batches_what_it_holds(
    system: System, house: House, folder: Path
) -> None:
    tables = [table.model_copy(update={"mode": "hash_diff"}) for table in system.tables]
    system = system.model_copy(update={"tables": tables})
    house.extract(system)
    (folder / "人员_2.csv").write_text(
        "id,age,born\na,8,2020-01-01\nb,x,\nc,1,\nd,y,\n", encoding="gb18030"
    )
    newest = {receipt.table_code: receipt.batch_id for receipt in house.extract(system).receipts}

    bind_it(house, system)

    assert ask(
        house,
        "select table_code, batch_id, rows_read, rows_landed, rows_quarantined"
        " from meta.batch order by all",
    ) == [("person", newest["person"], 4, 2, 2), ("visit", newest["visit"], 1, 1, 0)]


def test_an_unchanged_extraction_keeps_the_rows_and_moves_the_batch(
    system: System, house: House
) -> None:
    house.extract(system)
    bind_it(house, system)
    before = ask(house, "from raw.health__person")
    receipts = house.extract(system).receipts

    bind_it(house, system)

    assert ask(house, "from raw.health__person") == before
    assert ask(house, "select batch_id from meta.batch order by 1") == [
        (receipt.batch_id,) for receipt in receipts
    ]


def register(house: House, rows: str) -> object:
    with connect() as warehouse:
        return append_rows(
            house.settings,
            system_code="identity_register",
            table_code="person",
            connection=warehouse,
            query="select entry_no, operation, key, anchor, related_key, recorded_cut "
            f"from (values {rows}) as t(entry_no, key, anchor, operation, related_key, "
            "recorded_cut)",
        )


def test_the_identity_register_grows_by_batches(system: System, house: House) -> None:
    register(house, "(1, 1, 'a', 'mint', null, 1), (2, 2, 'b', 'mint', null, 1)")
    register(house, "(3, 2, null, 'merge', 1, 2)")

    bind_it(house, system)

    assert ask(
        house,
        "select entry_no, key, anchor, operation, related_key, recorded_cut, _batch_id "
        "from raw.identity_register__person order by all",
    ) == [
        (1, 1, "a", "mint", None, 1, 1),
        (2, 2, "b", "mint", None, 1, 1),
        (3, 2, None, "merge", 1, 2, 2),
    ]
    assert ask(house, "select typeof(related_key) from raw.identity_register__person")[0] == (
        "BIGINT",
    )


def test_what_has_landed_is_not_appended_again(system: System, house: House) -> None:
    register(house, "(1, 1, 'a', 'mint', null, 1)")
    register(house, "(1, 1, 'a', 'mint', null, 1), (2, 2, 'b', 'mint', null, 2)")
    assert register(house, "(1, 1, 'a', 'mint', null, 1)") is None

    bind_it(house, system)

    assert ask(house, "select key, _batch_id from raw.identity_register__person order by all") == [
        (1, 1),
        (2, 2),
    ]


def test_a_key_that_landed_for_another_is_refused(system: System, house: House) -> None:
    register(house, "(1, 1, 'a', 'mint', null, 1)")

    with pytest.raises(WarehouseError, match="1 keys of the warehouse have landed") as caught:
        register(house, "(1, 1, 'b', 'mint', null, 1), (2, 2, 'c', 'mint', null, 1)")

    assert "warehouse.duckdb" in caught.value.remedy
    bind_it(house, system)
    assert ask(house, "select key, anchor from raw.identity_register__person") == [(1, "a")]


def test_a_lost_register_file_stops_the_next_append(system: System, house: House) -> None:
    register(house, "(1, 1, 'a', 'mint', null, 1)")
    [file] = house.settings.landing.rglob("*.parquet")
    file.unlink()

    with pytest.raises(WarehouseError, match=r"identity_register\.person: .*not there") as caught:
        register(house, "(1, 1, 'a', 'mint', null, 1)")
    assert "backup" in caught.value.remedy


def test_an_append_that_repeats_a_key_lands_nothing(system: System, house: House) -> None:
    with pytest.raises(ValueError, match="1 repeat a key"):
        register(house, "(1, 1, 'a', 'mint', null, 1), (1, 1, 'b', 'mint', null, 1)")

    assert list(house.settings.landing.rglob("*.parquet")) == []


def test_an_append_of_nothing_is_no_batch(system: System, house: House) -> None:
    with connect() as warehouse:
        receipt = append_rows(
            house.settings,
            system_code="identity_register",
            table_code="licence",
            connection=warehouse,
            query="select 1 as entry_no, 'mint' as operation, 1 as key, '' as anchor, "
            "null as related_key, 1 as recorded_cut where false",
        )

    engine = open_store(house.settings)
    assert receipt is None
    assert last_batch(engine, "identity_register", "licence") is None
    engine.dispose()
    assert list(house.settings.landing.rglob("*.parquet")) == []


def test_an_append_that_does_not_fit_lands_nothing(system: System, house: House) -> None:
    with pytest.raises(ValueError, match=r"2 rows do not fit identity_register\.person"):
        register(
            house,
            "(1, 1, 'a', 'mint', null, 1), (null, 2, 'b', 'mint', null, 1), "
            "(3, 3, 'c', null, 1, 1)",
        )

    assert list(house.settings.landing.rglob("*.parquet")) == []


def test_another_ledger_destroys_and_binds_nothing(system: System, house: House) -> None:
    house.extract(system)
    register(house, "(1, 1, 'a', 'mint', null, 1)")
    bind_it(house, system)
    before = {file: file.read_bytes() for file in house.settings.landing.rglob("*.parquet")}
    house.settings.ops.rename(house.settings.home / "away.db")

    failures = house.extract(system).failures
    with pytest.raises(WarehouseError, match="another ledger"):
        register(house, "(2, 2, 'b', 'mint', null, 1)")
    with pytest.raises(WarehouseError, match="another ledger"):
        bind_it(house, system)

    assert len(failures) == 2
    assert all("another ledger" in failure.message for failure in failures)
    assert before == {file: file.read_bytes() for file in house.settings.landing.rglob("*.parquet")}
