"""Values that were not sent are those of the row itself, whatever stands before it."""

import duckdb
import pyarrow as pa
import pytest

from sources.highway.pgoutput_message import position_text
from sources.highway.unchanged import filled

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("key", "first", "second", "body"),
    [
        # The decoder gives a change of key two neighbouring numbers; others stand two apart.
        ("B", 1, 3, "text of B"),
        ("C", 2, 3, "text of A"),
    ],
    ids=["delete_then_update_of_another_row", "change_of_key"],
)
def test_an_update_behind_a_delete_keeps_its_own_value(
    key: str, first: int, second: int, body: str
) -> None:
    rows = pa.table(
        {
            "id": ["A", key],
            "body": pa.array([None, None], pa.string()),
            "_op": ["d", "u"],
            "_position": [position_text(7, first), position_text(7, second)],
        }
    )
    with duckdb.connect() as duck:
        duck.execute("create table present as select 'A' as id, 'text of A' as body")
        duck.execute("insert into present values ('B', 'text of B')")
        found = filled(
            rows,
            pa.table({"body": [False, True]}),
            keys=["id"],
            current="from present",
            duck=duck,
        )
    assert found.column("body").to_pylist()[1] == body
