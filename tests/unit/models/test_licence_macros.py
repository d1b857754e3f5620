"""The licence rules: the replay of a log, what decides a state, several holders in one text."""

import csv
import itertools
from datetime import date
from functools import cache

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybase.settings import project_root
from tests.unit.models.scratch import render

pytestmark = pytest.mark.unit

AS_OF = date(2026, 11, 22)
STATES = ("00", "01", "02", "03", "04", "05", "06", "07", "99")
OPERATIONS = tuple(f"{number:02d}" for number in range(1, 11))
EXPRESSIONS = {
    "replay": "{{ licence_replay('logged', 'transition') }}",
    "reason": "{{ licence_reason() }}",
    "state": "{{ licence_state() }}",
    "has_ended": "{{ licence_holder_has_ended() }}",
    "explicit": "{{ explicit_list('written') }}",
    "blank": "{{ blank_list('written') }}",
    "part": "{{ list_part('written', 'place') }}",
    "why": "{{ transition_reason() }}",
}
Transitions = dict[tuple[str, str], str]
Step = tuple[int, str, str, str, bool]


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return render(tmp_path_factory.mktemp("scratch_licence"), EXPRESSIONS)


@pytest.fixture(scope="module")
def seed() -> Transitions:
    path = project_root() / "dbt_project/seeds/code/code_licence_transition.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(row["from_state_code"], row["operation_code"]): row["to_state_code"] for row in rows}
    assert len(found) == len(rows)
    return found


def walked(transitions: Transitions, log: list[str]) -> list[Step]:
    """One operation after the other, as a person would: the independent replay."""
    state, steps = "00", []
    for place, operation in enumerate(log, start=1):
        after = transitions.get((state, operation))
        steps.append((place, operation, state, after or state, after is not None))
        state = after or state
    return steps


@cache
def replaying() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all the rules and logs that are drawn."""
    return duckdb.connect(config={"threads": 1})


def replayed(query: str, transitions: Transitions, logs: list[list[str]]) -> dict[str, list[Step]]:
    duck = replaying()
    duck.execute(
        "create or replace table transition"
        " (from_state_code varchar, operation_code varchar, to_state_code varchar);"
        "create or replace table logged (log varchar)"
    )
    if transitions:
        duck.execute(
            f"insert into transition values {', '.join(['(?, ?, ?)'] * len(transitions))}",
            [code for key, state in transitions.items() for code in (*key, state)],
        )
    duck.execute(
        f"insert into logged values {', '.join(['(?)'] * len(logs))}",
        ["".join(log) for log in logs],
    )
    rows = duck.execute(
        "select log, place_no, operation_code, from_state_code, to_state_code, is_possible"
        f" from ({query}) order by log, place_no"
    ).fetchall()
    return {log: [row[1:] for row in of] for log, of in itertools.groupby(rows, lambda row: row[0])}


_LOG = st.lists(st.sampled_from([*OPERATIONS, "77"]), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(
    transitions=st.dictionaries(
        st.tuples(st.sampled_from(STATES), st.sampled_from(OPERATIONS)), st.sampled_from(STATES)
    ),
    logs=st.lists(_LOG, min_size=1, max_size=8),
)
def test_a_replay_of_any_rules_equals_walking_through(
    sql: dict[str, str], transitions: Transitions, logs: list[list[str]]
) -> None:
    found = replayed(sql["replay"], transitions, logs)
    assert found == {"".join(log): walked(transitions, log) for log in logs}


def test_every_short_log_and_the_longest_equal_walking_through_the_seed(
    sql: dict[str, str], seed: Transitions
) -> None:
    logs = [list(log) for n in (1, 2, 3) for log in itertools.product(OPERATIONS, repeat=n)]
    longest = ["01", *["03", "06"] * 127, "05"]
    assert len(longest) == 256
    too_long = [*longest, "07", "07"]
    found = replayed(sql["replay"], seed, [*logs, longest, too_long])
    assert found.pop("".join(too_long)) == walked(seed, longest)
    assert found == {"".join(log): walked(seed, log) for log in [*logs, longest]}


def test_the_seed_knows_every_state_and_operation_and_lets_nothing_rise_again(
    seed: Transitions,
) -> None:
    assert {operation for _, operation in seed} == set(OPERATIONS)
    assert {state for state, _ in seed} | set(seed.values()) <= set(STATES)
    for (before, operation), after in seed.items():
        if before in {"03", "04", "05", "07"}:
            assert after in {before, "04"}, (before, operation)
        assert after != "00" or before == "00"


@pytest.mark.parametrize(
    ("before", "operation", "why"),
    [
        ("01", "01", "issued_before"),
        ("00", "03", "never_issued"),
        ("00", "06", "never_issued"),
        ("01", "06", "not_suspended"),
        ("02", "03", "suspended_before"),
        ("04", "02", "after_the_end"),
        ("05", "09", "after_the_end"),
        ("02", "10", "not_transferred_out"),
        ("02", "02", "not_from_this_state"),
    ],
)
def test_an_impossible_operation_says_why(
    sql: dict[str, str], seed: Transitions, before: str, operation: str, why: str
) -> None:
    assert (before, operation) not in seed
    found = duckdb.execute(
        f"select {sql['why']} from (select ? as from_state_code, ? as operation_code)",
        [before, operation],
    ).fetchone()
    assert found == (why,)


def licence(**facts: object) -> dict[str, object]:
    return {
        "stated_state_code": "01",
        "operation_state_code": "01",
        "is_operation_newer": False,
        "is_current_version": True,
        "superseded_from": None,
        "has_ended_holder": False,
        "valid_to_grade_code": "given",
        "valid_from": date(2020, 1, 1),
        "valid_to": date(2030, 1, 1),
        "as_of_date": AS_OF,
        **facts,
    }


def older(begun: date | None) -> dict[str, object]:
    return {"is_current_version": False, "superseded_from": begun}


@pytest.mark.parametrize(
    ("facts", "reason", "state"),
    [
        (licence(), "valid", "01"),
        (licence(valid_to=AS_OF), "valid", "01"),
        (licence(valid_from=AS_OF), "valid", "01"),
        (licence(valid_to=date(2026, 11, 21)), "expired", "05"),
        (licence(valid_from=date(2026, 11, 23)), "not_yet_valid", "99"),
        (licence(valid_to=None, valid_to_grade_code="open"), "valid", "01"),
        (licence(valid_to=None, valid_to_grade_code="unreadable"), "end_unreadable", "99"),
        (licence(stated_state_code=None, operation_state_code=None), "unstated", "99"),
        (licence(stated_state_code=None, operation_state_code="00"), "unstated", "99"),
        (licence(stated_state_code=None), "valid", "01"),
        (licence(operation_state_code=None), "valid", "01"),
        (licence(stated_state_code="07", has_ended_holder=True), "stated", "07"),
        (licence(has_ended_holder=True, valid_to=date(2021, 1, 1)), "holder_ended", "05"),
        (licence(**older(date(2026, 1, 1))), "superseded", "05"),
        (licence(**older(date(2027, 1, 1))), "valid", "01"),
        (licence(**older(None)), "superseded", "05"),
        # The directory still says 有效, the log does not.
        (licence(operation_state_code="02"), "suspended", "02"),
        (licence(operation_state_code="04", has_ended_holder=True), "operated", "04"),
        (licence(operation_state_code="05"), "operated", "05"),
        # Both say it is not valid: the newer of the two.
        (licence(stated_state_code="02", operation_state_code="04"), "stated", "02"),
        (
            licence(stated_state_code="02", operation_state_code="04", is_operation_newer=True),
            "operated",
            "04",
        ),
        # Given back after the directory was written; not given back as far as the log knows.
        (licence(stated_state_code="02", is_operation_newer=True), "valid", "01"),
        (licence(stated_state_code="02"), "stated", "02"),
        (licence(stated_state_code="02", operation_state_code="02"), "stated", "02"),
    ],
)
def test_a_licence_is_valid_only_when_everything_says_so(
    sql: dict[str, str], facts: dict[str, object], reason: str, state: str
) -> None:
    columns = ", ".join(f"${name} as {name}" for name in facts)
    found = duckdb.execute(
        f"select computed_reason_code, {sql['state']} from"
        f" (select *, {sql['reason']} as computed_reason_code from (select {columns}))",
        facts,
    ).fetchone()
    assert found == (reason, state)


@pytest.mark.parametrize(
    ("rule", "ended", "holders", "has_ended"),
    [
        ("ends", 0, 1, False),
        ("ends", 1, 2, True),
        ("ends_when_all", 1, 2, False),
        ("ends_when_all", 2, 2, True),
        ("continues", 2, 2, False),
        (None, 1, 1, True),
        (None, 1, 2, False),
        (None, 0, 0, False),
    ],
)
def test_what_the_end_of_a_holder_means_is_said_by_the_type(
    sql: dict[str, str], rule: str | None, ended: int, holders: int, *, has_ended: bool
) -> None:
    found = duckdb.execute(
        f"select {sql['has_ended']} from (select ?::varchar as holder_end_code,"
        " ? as ended_holder_count, ? as holder_count)",
        [rule, ended, holders],
    ).fetchone()
    assert found == (has_ended,)


@pytest.mark.parametrize(
    ("written", "explicit"),
    [
        ("张三", "张三"),
        ("张三、李四", "张三;李四"),
        ("张三,李四,王五", "张三;李四;王五"),
        ("张三,李四", "张三;李四"),
        ("张三;李四", "张三;李四"),
        ("张三\uff1b李四\uff0c王五", "张三;李四;王五"),
        ("张三/李四", "张三;李四"),
        ("张三/李四/王五", "张三;李四;王五"),
        ("371302199001010026、/", "371302199001010026;/"),
        ("张三|李四", "张三;李四"),
        ("无", None),
        (" / ", None),
        ("", None),
        (None, None),
    ],
)
def test_a_list_is_divided_by_its_separators(
    sql: dict[str, str], written: str | None, explicit: str | None
) -> None:
    found = duckdb.execute(
        f"select {sql['explicit']} from (select ?::varchar as written)", [written]
    ).fetchone()
    assert found == (explicit,)


def test_blanks_of_any_kind_divide_once(sql: dict[str, str]) -> None:
    found = duckdb.execute(
        f"select {sql['blank']} from (select ?::varchar as written)", [" 张三 　李四\u00a0王\t五 "]
    ).fetchone()
    assert found == ("张三;李四;王;五",)


@pytest.mark.parametrize(
    ("place", "part"), [(1, "甲"), (2, None), (3, "乙"), (4, None), (5, None), (6, None)]
)
def test_a_part_that_is_not_written_is_missing_and_the_others_keep_their_places(
    sql: dict[str, str], place: int, part: str | None
) -> None:
    found = duckdb.execute(
        f"select {sql['part']} from (select '甲;; 乙 ;无;/' as written, ? as place)", [place]
    ).fetchone()
    assert found == (part,)
