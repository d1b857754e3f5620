"""Segments: bad rows are split off whole, and a checksum speaks of content, not of order."""

import json
import random
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybase.duck import connect
from sources.connectors.base import Reading
from sources.segment import (
    count_quarantined,
    count_rows,
    land_good_rows,
    measure,
    quarantine_bad_rows,
    read_into,
)
from sources.tables import LandedColumn, LandedTable

pytestmark = pytest.mark.unit

TABLE = LandedTable(
    system_code="s",
    table_code="t",
    mode="full",
    keys=("id", "part"),
    columns=(
        LandedColumn("id", "varchar", nullable=False),
        LandedColumn("part", "integer", nullable=False),
        LandedColumn("born", "date", nullable=True),
        LandedColumn("note", "varchar", nullable=True),
    ),
)

Row = tuple[str | None, str | None, str | None, str | None]


def read(duck: duckdb.DuckDBPyConnection, scratch: Path, rows: list[Row]) -> int:
    duck.execute(
        "create or replace table source (n bigint, id varchar, part varchar, born varchar, "
        "note varchar, _line varchar)"
    )
    if rows:
        duck.execute(
            f"insert into source values {', '.join(['(?, ?, ?, ?, ?, null)'] * len(rows))}",
            [value for number, row in enumerate(rows) for value in (number, *row)],
        )
    duck.execute("set preserve_insertion_order = true")
    return read_into(
        scratch,
        duck=duck,
        reading=Reading(sql="select * exclude (n) from source order by n"),
        table=TABLE,
        patterns={},
        batch_id=7,
        read_at=datetime(2024, 1, 1),
    )


def split(folder: Path, rows: list[Row]) -> tuple[list[Row], list[dict[str, str]]]:
    """The landed rows in order and the quarantined values."""
    with connect(threads=1) as duck:
        scratch, segment, quarantine = (folder / name for name in ("scratch", "segment", "bad"))
        count = read(duck, scratch, rows)
        repeats = measure(scratch, duck=duck, table=TABLE, rejects=True).repeats
        land_good_rows(scratch, segment, duck=duck, table=TABLE, repeats=repeats)
        quarantine_bad_rows(
            scratch,
            quarantine,
            duck=duck,
            table=TABLE,
            reading=Reading(sql=""),
            rows=count,
            batch_id=7,
        )
        assert count == len(rows)
        assert count == count_rows([segment], duck=duck) + count_quarantined(
            [quarantine], duck=duck
        )
        good = duck.execute(
            f"select id, part::varchar, born::varchar, note from read_parquet('{segment}')"
        ).fetchall()
        found = duck.execute(f"from read_parquet('{quarantine}') order by row_number, column_code")
        names = [column[0] for column in found.description or []]
        return good, [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_bad_rows_are_split_off_whole(tmp_path: Path) -> None:
    good, bad = split(
        tmp_path,
        [
            ("a", "1", "2024-01-01", "first"),
            ("b", "x", "2024-02-30", "two faults"),
            (None, "1", None, "no key"),
            ("a", "1", "2024-01-02", "repeats the first"),
            ("a", "2", None, None),
        ],
    )

    assert good == [("a", "1", "2024-01-01", "first"), ("a", "2", None, None)]
    assert [(b["row_number"], b["column_code"], b["raw_value"], b["reason"]) for b in bad] == [
        (2, "born", "2024-02-30", "not_date"),
        (2, "part", "x", "not_integer"),
        (3, "id", None, "key_missing"),
        (4, "id, part", "a|1", "duplicate_key"),
    ]
    assert json.loads(bad[0]["row_key"]) == {"id": "b", "part": "x"}
    assert json.loads(bad[0]["raw_row"]) == {
        "id": "b",
        "part": "x",
        "born": "2024-02-30",
        "note": "two faults",
    }
    assert {b["system_code"] + "." + b["table_code"] for b in bad} == {"s.t"}
    assert {b["_batch_id"] for b in bad} == {7}


def test_a_rejected_row_does_not_hold_its_key_against_a_good_one(tmp_path: Path) -> None:
    good, bad = split(tmp_path, [("a", "1", "no date", None), ("a", "1", "2024-01-01", None)])

    assert good == [("a", "1", "2024-01-01", None)]
    assert [b["reason"] for b in bad] == ["not_date"]


value = st.none() | st.sampled_from(["", "1", "2", "x", "2024-01-01", "2024-02-30"])
rows_of_values = st.lists(st.tuples(value, value, value, value), max_size=12)


@settings(deadline=None, max_examples=30)
@given(rows=rows_of_values)
def test_every_row_lands_or_is_quarantined_and_keys_are_unique(rows: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        good, bad = split(Path(folder), rows)

    assert len(good) + len({b["row_number"] for b in bad}) == len(rows)
    assert len({row[:2] for row in good}) == len(good)
    assert all(row[0] and row[1] for row in good)


@settings(deadline=None, max_examples=30)
@given(rows=rows_of_values, order=st.randoms())
def test_the_checksum_is_the_same_in_any_order_and_differs_for_other_content(
    rows: list[Row], order: random.Random
) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    checksums = []
    with tempfile.TemporaryDirectory() as folder, connect(threads=1) as duck:
        scratch = Path(folder) / "scratch"
        for some in (rows, shuffled, [*rows, ("new", "3", None, None)]):
            read(duck, scratch, some)
            found = measure(scratch, duck=duck, table=TABLE, rejects=True)
            checksums.append(found.checksum)

    mine, in_another_order, with_one_more = checksums
    assert mine == in_another_order
    assert with_one_more != mine


def test_the_checksum_sees_two_values_change_places(tmp_path: Path) -> None:
    checksums = []
    for rows in (
        [("a", "1", None, "x"), ("b", "1", None, "y")],
        [("a", "1", None, "y"), ("b", "1", None, "x")],
    ):
        with connect(threads=1) as duck:
            read(duck, tmp_path / "scratch", list(rows))
            found = measure(tmp_path / "scratch", duck=duck, table=TABLE, rejects=True)
        checksums.append(found.checksum)

    assert checksums[0] != checksums[1]


def test_a_clean_segment_says_so(tmp_path: Path) -> None:
    with connect(threads=1) as duck:
        read(duck, tmp_path / "scratch", [("a", "1", None, None), ("a", "2", None, None)])
        assert measure(tmp_path / "scratch", duck=duck, table=TABLE, rejects=True).clean
        read(duck, tmp_path / "scratch", [("a", "1", None, None), ("a", "1", None, "again")])
        assert not measure(tmp_path / "scratch", duck=duck, table=TABLE, rejects=True).clean
