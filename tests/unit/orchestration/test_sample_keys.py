"""What an event shows of failing rows: counts and our own keys as they are, all else masked."""

import pytest

from citybase.duck import connect
from orchestration.checks.sample_keys import masked_samples

pytestmark = pytest.mark.unit


def test_only_counts_and_own_keys_are_shown() -> None:
    with connect() as warehouse:
        warehouse.execute(
            "create table failing as select 7::bigint as person_key, 3 as row_count,"
            " date '1985-07-12' as birth_date, 37130219850712001 as number,"
            " '37130219850712001X' as source_key, null::varchar as name, true as is_deceased"
        )
        columns, [row] = masked_samples(warehouse, "failing")

    assert columns == list(row)
    assert row == {
        "person_key": "7",
        "row_count": "3",
        "birth_date": "******7-12",
        "number": "*************2001",
        "source_key": "**************001X",
        "name": "",
        "is_deceased": "****",
    }
