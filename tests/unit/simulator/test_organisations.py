"""The organisations are plausible: codes valid by the plain standards, lives in order."""

import collections
import datetime as dt
import itertools
from typing import Any

import duckdb
import pytest

from sources.registry import Registry
from tests.unit.simulator.conftest import PLAN
from tests.unit.simulator.plain import (
    is_credit_code,
    is_organisation_code,
    is_registration_number,
)

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection
_WIDE = str.maketrans("０１２３４５６７８９ＡＢＣＤＥＦＧＨＪＫＬＭＮＰＱＲＴＵＷＸＹ",
                      "0123456789ABCDEFGHJKLMNPQRTUWXY")  # fmt: skip


def _rows(city: Connection, query: str) -> list[tuple[Any, ...]]:
    return city.execute(query).fetchall()


def test_every_code_is_valid_and_nobody_shares_one(city: Connection) -> None:
    rows = _rows(
        city,
        "select pair, uscc, organisation_code, registration_number, former_registration_number,"
        " old_tax_number, established_date, ended_date from organisation",
    )
    for pair, uscc, code, number, former, tax, established, ended in rows:
        assert uscc is None or (is_credit_code(uscc) and uscc.startswith(pair))
        assert uscc is None or uscc[8:17] == code
        assert is_organisation_code(code)
        assert number is None or is_registration_number(number)
        assert former is None or (len(former) == 13 and former.isdigit())
        assert tax is None or (tax[:6].isdigit() and tax[6:] == code)
        if uscc is None:
            assert ended is not None
            assert ended <= dt.date(2016, 6, 30)
        if number or former or tax:
            assert established < dt.date(2015, 10, 1)
    for place in (1, 2, 3, 4):
        codes = [row[place] for row in rows if row[place] is not None]
        assert len(codes) == len(set(codes)) > 50


def test_every_kind_of_organisation_exists(city: Connection) -> None:
    counts = dict(_rows(city, "select pair, count(*) from organisation group by pair"))
    assert len(counts) >= 25
    thousands = PLAN.residents / 1000
    assert counts["91"] / thousands == pytest.approx(36, rel=0.05)
    assert counts["92"] / thousands == pytest.approx(82, rel=0.05)
    assert counts["54"] / thousands == pytest.approx(0.36, rel=0.1)
    assert counts["55"] / thousands == pytest.approx(0.06, rel=0.1)
    assert counts["N2"] == counts["54"]


def test_departments_of_the_registry_are_organisations(
    city: Connection, registry: Registry
) -> None:
    names = dict(_rows(city, "select uscc, name from organisation"))
    for system in registry.systems:
        assert names[system.department.uscc] == system.department.name


def test_founders_are_grown_up(city: Connection) -> None:
    rows = _rows(
        city,
        "select established_date, birth_date from organisation inner join officer"
        " on officer_a = person_id where kind in ('enterprise', 'individual', 'cooperative')",
    )
    young = sum((established - born).days < 20 * 365 for established, born in rows)
    assert len(rows) > 3000
    assert young / len(rows) < 0.01


def test_a_life_begins_with_the_foundation_and_ends_with_the_end(city: Connection) -> None:
    rows = _rows(
        city,
        """
        select established_date, status_code, abnormal_date, restored_date, revoked_date,
            cancelled_date, ended_date, organisation_id,
            list(struct_pack(d := event_date, code := event_type_code)
                order by event_date, event.place)
        from organisation inner join organisation_event as event using (organisation_id)
        group by all
        """,
    )
    seen: collections.Counter[str] = collections.Counter()
    for founded, status, abnormal, restored, revoked, cancelled, ended, _, events in rows:
        codes = [event["code"] for event in events]
        days = {event["code"]: event["d"] for event in events}
        assert codes[0] == "01"
        assert days["01"] == founded
        assert codes.count("01") == 1
        assert codes[1:].count("03") == (cancelled is not None)
        if cancelled is not None:
            assert codes[-1] == "03"
        # what a clerk would conclude from the list of events alone
        state = "1"
        for code in codes:
            state = {"03": "4", "04": "3", "05": "2"}.get(code, state)
            if code == "06" and state == "2":
                state = "1"
        assert state == status
        assert restored is None or (abnormal is not None and restored > abnormal)
        assert cancelled is None or revoked is None or cancelled > revoked
        assert ended == min((d for d in (revoked, cancelled) if d), default=None)
        assert max(days.values()) <= PLAN.today
        seen.update(codes)
    assert set(seen) == {"01", "02", "03", "04", "05", "06"}
    assert len(rows) > 3000


def test_times_of_an_attribute_follow_one_another(city: Connection) -> None:
    for attribute in ("name", "address", "officer"):
        rows = _rows(
            city,
            f"select established_date, ended_date, {attribute}_date_1, {attribute}_date_2,"
            f" {attribute}_a, {attribute}_b, {attribute}_c from organisation"
            f" where {attribute}_date_1 is not null",
        )
        assert len(rows) > 100
        for founded, ended, first, second, _, held_b, held_c in rows:
            assert founded < first <= (ended or PLAN.today)
            assert second is None or first < second <= PLAN.today
            assert held_b is not None
            assert attribute == "officer" or (held_c is None) == (second is None)


def test_changes_on_file_lead_from_value_to_value(city: Connection) -> None:
    chains: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for number, item, before, after in _rows(
        city,
        "select enterprise_no, item_code, value_before, value_after"
        " from source.enterprise_register__change order by changed_date, change_no",
    ):
        chains.setdefault((number, item), []).append((before, after))
    names = dict(
        _rows(city, "select enterprise_no, name from source.enterprise_register__enterprise")
    )
    assert {item for _, item in chains} == {"01", "02", "03", "04"}
    for (number, item), steps in chains.items():
        for (_, after), (before, _) in itertools.pairwise(steps):
            assert after == before
        if item == "01":
            assert steps[-1][1] == names[number]


def test_successors_begin_when_their_predecessors_end(city: Connection) -> None:
    rows = _rows(
        city,
        """
        select kind_code, succession.succeeded_date, old.established_date, old.cancelled_date,
            old.pair, new.established_date, new.cancelled_date, new.pair,
            old.officer_a = new.officer_a
        from succession
        inner join organisation as old on succession.predecessor_id = old.organisation_id
        inner join organisation as new
            on succession.successor_id = new.organisation_id
        """,
    )
    assert {row[0] for row in rows} == {"1", "2", "3", "4", "5"}
    for kind, day, old_from, old_to, old_pair, new_from, new_to, new_pair, is_same in rows:
        assert old_from < day
        assert new_to is None or new_to > day
        assert new_pair == "91"
        assert old_pair == ("92" if kind == "4" else "91")
        if kind == "3":
            assert new_from == day
        else:
            assert old_to == day
        if kind in "245":
            assert new_from == day
        if kind in "45":
            assert is_same


def test_reforms_leave_abolished_bodies_with_successors(city: Connection) -> None:
    rows = _rows(
        city,
        "select old.cancelled_date, new.established_date, new.cancelled_date, old.uscc"
        " from organisation as old inner join organisation as new"
        " on old.successor_id = new.organisation_id where old.kind = 'government'",
    )
    assert len(rows) == 7 * 13
    assert all(ended == founded and still is None for ended, founded, still, _ in rows)
    assert all(is_credit_code(uscc) for *_, uscc in rows)


def test_branches_open_after_their_heads_some_of_which_are_elsewhere(city: Connection) -> None:
    rows = _rows(
        city,
        "select branch.established_date, head.established_date,"
        " branch.uscc is distinct from head.uscc, head.kind,"
        " starts_with(branch.name, head.name_a) from organisation as branch"
        " inner join organisation as head on branch.head_organisation_id = head.organisation_id"
        " where branch.kind = 'branch'",
    )
    assert {row[3] for row in rows} == {"enterprise", "outside"}
    assert all(opened > founded or founded > dt.date(2025, 11, 1) for opened, founded, *_ in rows)
    assert all(is_other and is_named for *_, is_other, _, is_named in rows)


def test_shares_sum_to_the_whole_but_where_the_truth_says_so(city: Connection) -> None:
    rows = _rows(
        city,
        "select sum(percent), bool_or(is_wrong_sum), count(*), count(holder_organisation_id)"
        " from shareholder where not (is_wrong_sum and shareholders = 1)"
        " group by organisation_id having count(*) = any_value(shareholders)",
    )
    wrong = 0
    for total, is_wrong, _, _ in rows:
        assert (abs(float(total) - 100) < 0.001) is not is_wrong
        wrong += is_wrong
    assert 0 < wrong / len(rows) < 0.04
    assert max(row[2] for row in rows) >= 4
    assert sum(row[3] for row in rows) > 50


# Columns of tables about organisations that hold a code of the row's own organisation.
_NAMES = ("unit_name", "debtor_name", "name")
_CODES = {
    "uscc", "organisation_code", "registration_number", "unit_code", "debtor_code",
    "taxpayer_code",
}  # fmt: skip


def test_a_written_code_is_the_organisations_own_exactly_when_the_truth_says_so(
    city: Connection, registry: Registry
) -> None:
    """Over all tables: read as a careful person would, some code of the row is valid and his."""
    tables = 0
    failed: collections.Counter[str] = collections.Counter()
    for system, table in registry.tables():
        columns = [column.column for column in table.columns if column.column in _CODES]
        relation = f"source.{system.system}__{table.table}"
        made = {
            name
            for (name,) in _rows(
                city,
                "select column_name from duckdb_columns() where schema_name = 'source'"
                f" and table_name = '{system.system}__{table.table}'",
            )
        }
        if not columns or "_organisation_id" not in made or table.table == "shareholder":
            continue
        name = next(name for name in _NAMES if name in made)
        tables += 1
        listed = ", ".join(f"row.{column}" for column in columns)
        for has_valid, defects, uscc, code, number, true, called, *written in _rows(
            city,
            f"select _has_valid_number, _defects, organisation.uscc,"
            f" organisation.organisation_code, organisation.registration_number,"
            f" organisation.name, row.{name}, {listed}"
            f" from {relation} as row inner join organisation"
            " on row._organisation_id = organisation.organisation_id",
        ):
            own = {uscc, code, number} - {None}
            read = {
                value.translate(_WIDE).strip().upper().replace("-", "")
                for value in written
                if value
            }
            assert bool(own & read) == has_valid, (relation, defects, written)
            failed.update(defects.split(","))
            assert (called == true) is not ("name_" in defects), (relation, defects, called, true)
            if "code_digit_typo" in defects and read:
                assert not any(is_credit_code(value) for value in read)
    assert tables >= 20
    for defect in ("code_digit_typo", "code_missing", "old_code", "code_division_wrong",
                   "lower_case", "full_width", "padded", "name_variant", "name_old",
                   "address_old", "status_old"):  # fmt: skip
        assert failed[defect] > 0, defect


def test_departments_disagree_about_the_same_organisation(city: Connection) -> None:
    row = city.execute(
        """
        select
            count(*) filter (where market.status_code = '4' and tax.status_code = '03'),
            count(*) filter (where market.name <> tax.name),
            count(*) filter (where market.industry_code <> tax.industry_code),
            count(*)
        from source.enterprise_register__enterprise as market
        inner join source.tax_register__taxpayer as tax using (_organisation_id)
        """
    ).fetchone()
    assert row is not None
    still_normal, other_name, other_industry, total = row
    assert 0.005 < still_normal / total < 0.05
    assert 0.01 < other_name / total < 0.08
    assert 0.05 < other_industry / total < 0.1


def test_units_without_a_credit_code_have_an_older_one(city: Connection) -> None:
    rows = _rows(
        city,
        "select uscc, organisation_code, registration_number"
        " from source.social_security__insured_unit where _defects not like '%code_missing%'",
    )
    bare = [row for row in rows if row[0] is None]
    assert len(bare) > 30
    assert all(code or number for _, code, number in bare)
    assert any(code and "-" in code for _, code, _ in bare)
    assert any(number and not code for _, code, number in bare)
