"""The state of an organisation from what registers, events and departments say.

Add a case here when another word decides. Keep out: which department comes first (the seed
``attribute_precedence`` says it) and what a department's code means (``code_crosswalk``).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import duckdb
import pytest

from tests.unit.models.scratch import query

pytestmark = pytest.mark.unit

STATUS = "int_legal_entity__entity_status"
# What one step of priority is worth in a rank (macro `attribute_rank`).
_STEP = 144115188075855872
_INPUT = """
create table int_legal_entity__organisation_matched
    (entity_key bigint, status_code varchar, status_code_rank bigint);
create table int_legal_entity__entity_key (anchor varchar, entity_key bigint);
create table stg_enterprise_register__status_event (enterprise_no varchar,
    event_type_code varchar, event_date date, ends_the_enterprise boolean);
create table stg_enterprise_register__succession (source_key varchar,
    succession_kind_code varchar, succeeded_date date);
create table code_succession_kind (kind_code varchar, ends_predecessor boolean);
create table int_legal_entity__organisation_reference (entity_key bigint, source_key varchar,
    table_code varchar, role_code varchar);
create view int_legal_entity__organisation_golden as
select
    entity_key,
    max_by(status_code, status_code_rank) as status_code,
    max(status_code_rank) as status_code_rank,
    null::date as ended_date,
    '91' as category_code
from int_legal_entity__organisation_matched
group by entity_key;
"""
REGISTER, TAX, INSURANCE, COUNTY, NO_SAY = 1, 2, 3, 5, None


class Word(NamedTuple):
    """A state that a source of this priority writes."""

    priority: int | None
    status_code: str


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(_INPUT)
        yield connection


def state(
    duck: duckdb.DuckDBPyConnection, words: Sequence[Word], event: str | None = None
) -> tuple[str | None, str]:
    """State and basis of an organisation these words and this event of its register are about."""
    for word in words:
        rank = None if word.priority is None else (63 - word.priority) * _STEP
        duck.execute(
            "insert into int_legal_entity__organisation_matched values (1, ?, ?)",
            [word.status_code, rank],
        )
    if event is not None:
        duck.execute(
            "insert into int_legal_entity__entity_key"
            " values ('source:enterprise_register.enterprise:E', 1);"
            " insert into stg_enterprise_register__status_event"
            f" values ('E', '{event}', date '2024-05-05', false)"
        )
    found = duck.execute(
        query(
            f"intermediate/legal_entity/{STATUS}",
            epoch_second=lambda column: f"epoch({column})::bigint",
            rank_priority=lambda rank: f"(63 - {rank} // {_STEP})",
        )
    )
    names = [column[0] for column in found.description]
    (row,) = found.fetchall()
    values = dict(zip(names, row, strict=True))
    return values["status_code"], values["status_basis_code"]


@pytest.mark.parametrize(
    ("words", "event", "expected"),
    [
        # 非正常 to taxation, 吊销 to the county
        ([Word(TAX, "2"), Word(COUNTY, "3")], None, ("3", "department")),
        # taxation has not heard yet
        ([Word(TAX, "1"), Word(INSURANCE, "1"), Word(COUNTY, "4")], None, ("4", "department")),
        # of two ends, and of two words that are none, the better source's
        ([Word(TAX, "4"), Word(COUNTY, "3")], None, ("4", "department")),
        ([Word(TAX, "2"), Word(COUNTY, "1")], None, ("2", "department")),
        # the register knows better than any department, also by its event
        ([Word(REGISTER, "1"), Word(TAX, "4")], None, ("1", "register")),
        ([Word(TAX, "4")], "05", ("2", "event")),
        # a record without a say
        ([Word(TAX, "1"), Word(NO_SAY, "4")], None, ("1", "department")),
    ],
)
def test_an_end_a_department_states_stands_where_no_register_speaks(
    duck: duckdb.DuckDBPyConnection,
    words: list[Word],
    event: str | None,
    expected: tuple[str, str],
) -> None:
    assert state(duck, words, event) == expected
