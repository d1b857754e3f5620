"""The commands source, extract, ledger and bind, as an operator runs them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An installation in which only the health system can be reached."""
    drop = tmp_path / "drop"
    drop.mkdir()
    for name, header in {
        "居民健康档案_20240101.csv": "档案编号,姓名,身份证号,性别,民族,出生日期,联系电话,"
        "行政区划代码,现住址,血型,更新时间",
        "出生医学证明_20240101.csv": "证明编号,新生儿姓名,性别,出生日期,母亲姓名,母亲证件号码,"
        "父亲姓名,父亲证件号码,接生机构,签发日期,更新时间",
    }.items():
        row = ",".join(["1", *[""] * (header.count(",") - 1), "2024-01-01 00:00:00"])
        (drop / name).write_text(f"{header}\n{row}\n短\n", encoding="gb18030")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CITYBASE_")}
    return {
        **kept,
        "CITYBASE_HOME": str(tmp_path / "var"),
        "CITYBASE_SOURCE_HEALTH_RECORD": str(drop),
        "COLUMNS": "200",
    }


def citybase(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("citybase")), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_what_can_be_read_lands_and_the_rest_is_said_with_a_remedy(
    environment: dict[str, str],
) -> None:
    done = citybase(environment, "extract")

    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "resident_record 2 1 1" in said
    assert "2 tables 4 2 2" in said
    assert "death_certificate" in said
    assert "has no file in" in said
    assert "CITYBASE_SOURCE_HOUSEHOLD_REGISTER is not set" in said
    assert "→ Set CITYBASE_SOURCE_HOUSEHOLD_REGISTER" in said


def test_one_table_may_be_extracted_for_a_program(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", "health_record", "--table", "resident_record", "--json")

    assert done.returncode == 0
    [result] = json.loads(done.stdout)
    [receipt] = result["receipts"]
    assert (receipt["table_code"], receipt["rows_read"]) == ("resident_record", 2)


def test_the_ledger_and_bind_tell_what_was_landed(environment: dict[str, str]) -> None:
    citybase(environment, "extract", "health_record")

    shown = citybase(environment, "ledger")
    told = json.loads(citybase(environment, "ledger", "--json").stdout)["tables"]
    bound = citybase(environment, "bind", "--as-of", "2024-02-29")

    assert "2 tables" not in shown.stdout
    assert "3 tables" in shown.stdout
    assert "has no file in" in shown.stdout
    assert {total["table_code"]: total["batches"] for total in told} == {
        "resident_record": 1,
        "birth_certificate": 1,
        "death_certificate": 0,
    }
    assert "Cut 1: 2 batches, 2 rows, as of 2024-02-29." in bound.stdout
    assert "household_register__resident" in bound.stdout


def test_nobody_vouches_for_what_he_does_not_name(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", "--accept-volume")

    assert done.returncode == 2
    assert "name the systems you vouch for" in done.stderr
    assert json.loads(citybase(environment, "ledger", "--json").stdout)["tables"] == []


def test_an_unknown_system_is_refused_with_its_neighbours(environment: dict[str, str]) -> None:
    done = citybase(environment, "extract", "health_recrod")

    assert done.returncode == 2
    assert "health_record" in done.stderr


def test_sources_are_listed_and_compared_with_the_registry(environment: dict[str, str]) -> None:
    listed = json.loads(citybase(environment, "source", "list", "--json").stdout)
    checked = citybase(environment, "source", "check", "--connect", "health_record")

    assert {"system", "tables", "technology"} <= set(listed[0])
    assert checked.returncode == 1
    assert "1 systems, 3 tables" in checked.stdout
    assert "死亡医学证明" in checked.stdout
    assert citybase(environment, "source", "check").returncode == 0
