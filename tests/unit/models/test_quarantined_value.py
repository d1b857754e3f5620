"""What stewards see of the quarantine: the product's own model over rows as extraction writes them.

Keep out: what goes to quarantine (``tests/unit/sources``, ``tests/integration/extraction``).
"""

import duckdb
import pytest

from sources.quarantine import COLUMNS, DUPLICATE_KEY
from tests.unit.models.scratch import query

pytestmark = pytest.mark.unit

MODEL = "quality/shared/dq_shared__quarantined_value"
_TABLES = """
create table lib_shared__entity_source_table as
    select 'grid' as system_code, 'resident' as table_code, 'county' as department_code,
        '网格系统' as system_name, '居民' as table_name, timestamp '2026-01-02' as committed_at
    union all
    select 'grid', 'subsidy', 'county', '网格系统', '补贴', timestamp '2026-01-03';
create table meta__source_column as
    select *
    from (values
        ('grid', 'resident', 'record_no', '编号', 'bh'),
        ('grid', 'resident', 'birth_date', '出生日期', 'csrq'),
        ('grid', 'resident', 'moved_date', '迁入日期', 'qrrq'),
        ('grid', 'subsidy', 'birth_date', '生日', 'sr')
    ) as c(system_code, table_code, column_code, column_name, source_name);
"""


def test_every_value_is_told_once_with_its_department_and_what_the_column_is_called() -> None:
    with duckdb.connect() as duck:
        duck.execute(_TABLES)
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        duck.execute(f"create table meta__quarantine ({columns})")
        two_bad_values = ("grid", "resident", 7, "9", '{"record_no":"a"}')
        duck.executemany(
            f"insert into meta__quarantine values ({', '.join('?' * len(COLUMNS))})",
            [
                (*two_bad_values, "birth_date", "19900230", "not_date", "{}", 4),
                (*two_bad_values, "moved_date", "不详", "not_date", "{}", 4),
                ("grid", "resident", 8, "12", None, None, "a,b", "short_row", '"a,b"', 4),
                (
                    *("grid", "resident", 3, "5", '{"no":"1","year":"2"}', "record_no, birth_date"),
                    *("1|2", DUPLICATE_KEY, "{}", 4),
                ),
                ("grid", "subsidy", 1, None, "{}", "birth_date", "0000-00-00", "not_date", "{}", 9),
            ],
        )
        found = duck.execute(
            "select department_code, table_name, row_no, column_code, column_name, source_name,"
            f" raw_value, reason_code, batch_id, committed_at::date::varchar from ({query(MODEL)})"
            " order by batch_id, row_no, column_code"
        ).fetchall()
    resident, day = ("county", "居民"), (4, "2026-01-02")
    both = "record_no, birth_date"
    assert found == [
        (*resident, 3, both, None, None, "1|2", DUPLICATE_KEY, *day),
        (*resident, 7, "birth_date", "出生日期", "csrq", "19900230", "not_date", *day),
        (*resident, 7, "moved_date", "迁入日期", "qrrq", "不详", "not_date", *day),
        (*resident, 8, None, None, None, "a,b", "short_row", *day),
        (
            "county",
            "补贴",
            1,
            "birth_date",
            "生日",
            "sr",
            "0000-00-00",
            "not_date",
            9,
            "2026-01-03",
        ),
    ]
