"""A workbook of the city is read back as the city has it, but for the damage the truth knows."""

from datetime import date
from pathlib import Path

import pytest

from citybase.duck import connect
from citybase.settings import Settings
from citybase.store import open_store
from sources.connectors import open_source
from sources.contract import System
from sources.extract import extract_table
from sources.landing import absolute
from sources.ledger import last_batch
from sources.simulator.deploy_xlsx import count_xlsx, deploy_xlsx
from sources.simulator.plan import CityPlan
from tests.integration.extraction.extraction_house import make_system

pytestmark = pytest.mark.unit

PLAN = CityPlan(today=date(2025, 12, 31), elapsed_days=2)
ROWS = [
    (
        "001",
        "371302199001011234",
        "张三",
        "0539-1",
        "03",
        "371302",
        "1990-01-01",
        "兰山",
        1.5,
        None,
    ),
    ("002", "371302199001011234", "李四", None, "10", "371302", "不详", None, None, "id_as_number"),
    ("003", "37130219900101123X", None, "139", "X1", "37", None, "沂南", 2, None),
]


@pytest.fixture
def system() -> System:
    return make_system(
        {"technology": "xlsx"},
        {
            "record=名单_*.xlsx": [
                "id varchar key",
                "id_number varchar",
                "name varchar",
                "phone varchar",
                "nation_code varchar",
                "division_code varchar",
                "born date format=%Y-%m-%d",
                "address varchar",
                "amount_cny decimal(9,2)",
            ]
        },
        code="name_list",
    )


def deploy(system: System, tmp_path: Path, rows: list[tuple[object, ...]]) -> Path:
    folder = tmp_path / "drop"
    names = [column.column for column in system.tables[0].columns]
    with connect() as duck:
        duck.execute("create schema source")
        columns = [f"{name} {'double' if name == 'amount_cny' else 'varchar'}" for name in names]
        duck.execute(
            f"create table source.name_list__record ({', '.join(columns)}, _excel_damage varchar)"
        )
        marks = ", ".join("?" for _ in range(len(names) + 1))
        duck.executemany(f"insert into source.name_list__record values ({marks})", rows)
        deploy_xlsx(duck, system, folder, PLAN, scratch=tmp_path)
    return folder


def test_what_is_deployed_is_read_back_but_for_the_marked_rows(
    system: System, tmp_path: Path
) -> None:
    rows = [*ROWS, ("004", "1", "王五", None, "3", None, "2024-02-29", None, None, None)]
    folder = deploy(system, tmp_path, rows)

    assert [path.name for path in folder.iterdir()] == ["名单_20260102.xlsx"]
    assert count_xlsx(system, folder) == {"record": 4}
    settings = Settings(home=tmp_path / "var")
    engine = open_store(settings)
    with open_source(system, {system.connection.location_env: str(folder)}) as session:
        receipt = extract_table(settings, engine, session, system.tables[0])
    batch = last_batch(engine, "name_list", "record")
    engine.dispose()
    assert (receipt.rows_read, receipt.rows_landed, receipt.rows_quarantined) == (4, 3, 1)
    assert batch is not None
    assert batch.position["header_row"] == "2"
    with connect() as duck:
        landed = duck.execute(
            "select id, id_number, name, phone, nation_code, division_code, born, address, "
            "amount_cny::double from read_parquet($1) order by id",
            [[str(file) for file in absolute(settings, batch.files)]],
        ).fetchall()
        quarantined = duck.execute(
            "select row_key, column_code, raw_value, reason from read_parquet($1)",
            [[str(file) for file in absolute(settings, batch.quarantine_files)]],
        ).fetchall()
    assert landed == [
        (
            "001",
            "371302199001011234",
            "张三",
            "0539-1",
            "3",
            "371302",
            date(1990, 1, 1),
            "兰山",
            1.5,
        ),
        ("003", "37130219900101123X", None, "139", "X1", "37", None, "沂南", 2.0),
        ("004", "1", "王五", None, "3", None, date(2024, 2, 29), None, None),
    ]
    assert sorted(quarantined) == [
        ('{"id":"002"}', "born", "不详", "not_date"),
        ('{"id":"002"}', "id_number", "3.71302199001011E+17", "excel_number_damaged"),
    ]


def test_two_deployments_of_one_plan_are_the_same_bytes(system: System, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (deploy(system, tmp_path / name, ROWS) for name in ("a", "b"))
    [one], [other] = first.iterdir(), second.iterdir()
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    ("number", "damage"),
    [("37130219900101123X", "id_as_number"), ("371302199001011234", "melted")],
)
def test_a_damage_that_does_not_happen_is_refused(
    system: System, tmp_path: Path, number: str, damage: str
) -> None:
    row = ("1", number, *(None for _ in range(7)), damage)
    with pytest.raises(ValueError, match="_excel_damage"):
        deploy(system, tmp_path, [row])
