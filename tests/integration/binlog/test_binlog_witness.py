"""A reader that nobody here wrote sees the same rows in the same log: mysql-replication."""

from typing import Any

import pytest
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent

from tests.integration.binlog.binlog_house import Source, changes
from tests.integration.extraction.extraction_house import make_system
from tests.mariadb_house import MARIADB_PASSWORD

pytestmark = pytest.mark.integration

CREATE = """
    create table x (
        id int, name varchar(40), born date, seen datetime(3), amount decimal(20,6), whole bigint,
        kind enum('froh', '中'), primary key (id, name)
    ) default charset utf8mb4
"""
COLUMNS = [
    "id integer key", "name varchar key", "born date", "seen timestamp", "amount decimal(20,6)",
    "whole bigint", "kind varchar",
]  # fmt: skip


def witnessed(source: Source, position: str, rows: int) -> list[tuple[str, list[str | None]]]:
    """The changes as the library tells them, in our form."""
    reader = BinLogStreamReader(
        {"unix_socket": source.mariadb.server.socket, "user": "reader",
         "password": MARIADB_PASSWORD.encode(), "charset": "utf8mb4", "read_timeout": 20},
        server_id=4711,
        is_mariadb=True,
        auto_position=position,
        # With False it asks for the same log again and again.
        blocking=True,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent],
        only_tables=["x"],
        only_schemas=[source.mariadb.database],
        enable_logging=False,
    )  # fmt: skip
    found: list[tuple[str, list[str | None]]] = []
    for event in reader:
        for row in event.rows:
            if isinstance(event, WriteRowsEvent):
                found.append(("c", shown(row["values"])))
            elif isinstance(event, DeleteRowsEvent):
                found.append(("d", shown(row["values"], keys_only=True)))
            else:
                before, after = row["before_values"], row["after_values"]
                if (before["id"], before["name"]) != (after["id"], after["name"]):
                    found.append(("d", shown(before, keys_only=True)))
                found.append(("u", shown(after)))
        if len(found) >= rows:
            break
    reader.close()
    return found


def shown(values: dict[str, Any], *, keys_only: bool = False) -> list[str | None]:
    texts: list[str | None] = []
    for name, value in values.items():
        text = None if value is None or (keys_only and name not in {"id", "name"}) else str(value)
        if name == "seen" and text is not None:
            text = value.isoformat(sep=" ", timespec="milliseconds")
        texts.append(text)
    return texts


def test_the_stream_and_the_library_tell_the_same_changes(source: Source) -> None:
    source.execute(CREATE)
    position = source.position()
    source.execute(
        "insert into x select seq, concat('张', seq), date_add('1950-01-01', interval seq day), "
        "date_add('2024-01-01', interval seq * 1001 microsecond), "
        "(cast(seq as signed) - 300) * 1.234567, (cast(seq as signed) - 300) * 123456789012345, "
        "elt(1 + seq % 3, 'froh', '中', null) from seq_1_to_600",
        "update x set amount = -amount, name = concat(name, if(id % 4, '', '改')) where id % 2",
        "update x set id = id + 1000 where id % 3 = 0",
        "delete from x where id % 5 = 0",
    )
    system = make_system({"technology": "mysql"}, {"x": COLUMNS})
    codes = [column.split()[0] for column in COLUMNS]
    told = [
        (row["_op"], [row[code] for code in codes])
        for row in changes(source.drained(source.follow(system, position=position)), "x")
    ]
    assert len(told) > 1_300
    assert witnessed(source, position, len(told)) == told
