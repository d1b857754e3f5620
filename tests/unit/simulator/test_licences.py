"""The licences are well formed but where the truth says they are not; versions chain; the log of
operations is lawful but where the truth names what is not.
"""

import collections
import datetime as dt
from collections.abc import Iterable
from typing import Any

import duckdb
import pytest

from sources.registry import Registry
from sources.simulator.licence_types import SYSTEMS
from tests.unit.simulator.conftest import PLAN
from tests.unit.simulator.plain import is_credit_code, is_licence_identifier

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection

# What may be done to a licence in a state, and the states that may follow. Written down from the
# ministry's lists, not from the generator.
LEGAL: dict[tuple[str | None, str], set[str]] = {
    (None, "01"): {"01"},
    (None, "02"): {"01"},
    (None, "08"): {"01"},
    (None, "09"): {"01"},
    ("01", "03"): {"02"},
    ("01", "04"): {"05"},
    ("01", "05"): {"04"},
    ("01", "07"): {"03", "06", "07", "99"},
    ("02", "06"): {"01"},
    ("02", "04"): {"05"},
    ("02", "05"): {"04"},
    ("06", "10"): {"01"},
}


def _union(columns: str) -> str:
    return " union all ".join(
        f"select '{system.code}' as system_code, {columns} from source.{system.code}__licence"
        for system in SYSTEMS
    )


def _rows(city: Connection, columns: str) -> list[tuple[Any, ...]]:
    return city.execute(_union(columns)).fetchall()


def test_an_identifier_is_well_formed_exactly_when_the_truth_says_so(city: Connection) -> None:
    rows = _rows(
        city,
        "licence_identifier, coalesce(_true_identifier, licence_identifier), _is_well_formed,"
        " licence_type_code, issuer_code, _defects",
    )
    broken = 0
    true_ones = []
    for _, written, true, is_well_formed, type_code, issuer_code, defects in rows:
        assert is_licence_identifier(true)
        assert is_well_formed == (written is not None and is_licence_identifier(written))
        assert true.split(".")[5:7] == [type_code, issuer_code]
        broken += not is_well_formed
        if "resent" not in defects:
            true_ones.append(true)
    assert 0 < broken < 0.005 * len(rows)
    assert len(set(true_ones)) == len(true_ones)


def test_types_and_issuers_bear_valid_codes(city: Connection, registry: Registry) -> None:
    rows = set(_rows(city, "licence_type_code, issuer_code, _issuer_organisation_id"))
    assert all(is_credit_code(type_code[:18]) for _, type_code, _, _ in rows)
    assert len({type_code for _, type_code, _, _ in rows}) >= 40
    divisions = {issuer for _, _, issuer, _ in rows if len(issuer) == 6}
    assert divisions
    assert all(is_credit_code(issuer) for _, _, issuer, _ in rows if len(issuer) != 6)
    departments = {
        system.department.code for system in registry.systems if system.shape == "e_licence"
    }
    assert len(departments) == len({code for code, *_ in rows}) == 12


def test_serials_have_several_forms(city: Connection) -> None:
    lengths = {
        len(identifier.split(".")[7])
        for _, identifier in _rows(city, "coalesce(_true_identifier, licence_identifier)")
    }
    assert lengths == {9, 10, 12, 15, 32}


def test_versions_chain_but_for_the_gaps_and_forks_the_truth_names(city: Connection) -> None:
    chains: dict[tuple[str, int], dict[int, tuple[str, str | None, dt.date, str]]] = {}
    longest: collections.Counter[int] = collections.Counter()
    for system, licence, version, last, written, true, previous, issued, defects in _rows(
        city,
        "_licence_id, _version, _last_version, licence_identifier, _true_identifier,"
        " previous_identifier, issued_date::date, _defects",
    ):
        if "resent" not in defects:
            chains.setdefault((system, licence), {})[version] = (
                true or written,
                previous,
                issued,
                defects,
            )
            longest[last] += 1
    assert set(longest) == {1, 2, 3, 4, 5, 6}
    gaps = forks = moved = 0
    for chain in chains.values():
        for version, (_, previous, issued, defects) in chain.items():
            if version == 1:
                moved += previous is not None
                assert previous is None or is_licence_identifier(previous)
                continue
            assert previous is not None
            if "version_fork" in defects:
                forks += 1
                assert version - 1 in chain or "version_gap" in defects
                assert version - 2 not in chain or previous == chain[version - 2][0]
            elif version - 1 in chain:
                assert "version_gap" not in defects
                assert previous == chain[version - 1][0]
                assert issued > chain[version - 1][2]
            else:
                gaps += 1
                assert "version_gap" in defects
                assert previous not in {identifier for identifier, *_ in chain.values()}
    assert gaps > 20
    assert forks > 5
    assert moved > 20


def test_rows_sent_again_say_the_same(city: Connection) -> None:
    again = 0
    for system in SYSTEMS:
        row = city.execute(
            f"""
            select count(*), count(first.record_no)
            from source.{system.code}__licence as copy
            left join source.{system.code}__licence as first
                on copy._licence_id = first._licence_id
                and copy._version = first._version
                and copy.record_no <> first.record_no
                and copy.licence_identifier is not distinct from first.licence_identifier
                and copy.holder_code is not distinct from first.holder_code
                and copy.issued_date = first.issued_date
                and copy.state_code = first.state_code
            where copy._defects like '%resent%' and copy._true_identifier is null
            """
        ).fetchone()
        assert row is not None
        assert row[0] - row[1] <= 2
        again += row[1]
    assert again > 50


def test_joint_licences_name_one_code_per_holder(city: Connection) -> None:
    separators = {system.code: system.separator for system in SYSTEMS}
    holders: dict[tuple[str, int], list[tuple[int | None, int | None]]] = {}
    for system, licence, person, organisation in city.execute(
        "select system_code, licence_id, person_id, organisation_id from joint_holder"
    ).fetchall():
        holders.setdefault((system, licence), []).append((person, organisation))
    sizes: collections.Counter[int] = collections.Counter()
    mixed = 0
    for system, licence, names, codes, types, defects, kind in _rows(
        city,
        "_licence_id, holder_name, holder_code, holder_code_type, _defects, _holder_kind_code",
    ):
        if kind != "joint":
            continue
        found = len(holders[system, licence])
        separator = separators[system]
        assert len(names.split(separator)) == found > 1
        short = "holder_count_mismatch" in defects
        assert len(codes.split(separator)) == found - short
        kinds = types.split(separator)
        assert len(kinds) in {1, found}
        mixed += len(set(kinds)) > 1
        sizes[found] += 1
    assert set(sizes) >= {2, 3, 4}
    assert mixed > 100


def _replay(operations: Iterable[tuple[str, dt.datetime]], issued: dt.date) -> set[str | None]:
    """The states a licence may be in after these operations; empty when one was impossible."""
    states: set[str | None] = {None}
    for code, at in sorted(operations, key=lambda operation: operation[1]):
        if at.date() < issued:
            return set()
        states = {after for state in states for after in LEGAL.get((state, code), set())}
    return states


def test_the_log_is_lawful_and_leads_to_the_state_but_where_the_truth_says_so(
    city: Connection,
) -> None:
    checked = impossible = 0
    named: collections.Counter[str] = collections.Counter()
    for system in SYSTEMS:
        log: dict[str, list[tuple[str, dt.datetime]]] = {}
        blamed: dict[str, list[str]] = {}
        for record, code, at, defect in city.execute(
            "select record_no, operation_code, operated_at::timestamp, _defects"
            f" from source.{system.code}__operation"
        ).fetchall():
            log.setdefault(record, []).append((code, at))
            if defect:
                blamed.setdefault(record, []).append(defect)
        for record, state, issued, defects in city.execute(
            "select record_no, state_code, issued_date::date, _defects"
            f" from source.{system.code}__licence"
        ).fetchall():
            names = defects.split(",")
            if "operation_missing" in names or "resent" in names:
                assert record not in log
                continue
            states = _replay(log[record], issued)
            if record in blamed:
                assert blamed[record][0] in names
                assert len(blamed[record]) == 1
                assert states == set(), defects
                named[blamed[record][0]] += 1
                impossible += 1
            else:
                assert state in states, (defects, state, sorted(log[record], key=lambda o: o[1]))
            checked += 1
    assert 0.002 < impossible / checked < 0.008
    assert set(named) == {
        "operation_after_cancellation",
        "renewal_of_cancelled",
        "release_without_suspension",
        "issued_twice",
        "operation_before_issue",
    }


def test_nothing_is_issued_to_the_dead_or_tomorrow(city: Connection) -> None:
    for _, issued, ended in _rows(city, "issued_date::date, _holder_end_date"):
        assert issued <= PLAN.today
        assert ended is None or issued <= ended


def test_every_state_and_every_way_to_write_no_end_occurs(city: Connection) -> None:
    rows = _rows(city, "state_code, valid_to, _valid_to")
    assert {row[1] for row in rows} == {"01", "02", "03", "04", "05", "06", "07", "99"}
    assert {row[2] for row in rows if row[3] is None} == {"长期", "9999-12-31", "", None}


def test_abolished_bodies_issued_old_licences_and_a_few_after_their_end(city: Connection) -> None:
    ends = dict(
        city.execute(
            "select organisation_id, cancelled_date from organisation where kind = 'government'"
        ).fetchall()
    )
    old = late = 0
    for _, issuer, issued, defects in _rows(
        city, "_issuer_organisation_id, issued_date::date, _defects"
    ):
        ended = ends[issuer]
        is_late = ended is not None and issued >= ended
        assert is_late == ("issuer_abolished" in defects)
        old += ended is not None
        late += is_late
    assert old > 1000
    assert 0 < late < 0.02 * old


def test_there_are_about_three_licences_a_person_and_six_operations_for_five(
    city: Connection,
) -> None:
    licences = len(_rows(city, "1"))
    operations = sum(
        city.execute(f"select count(*) from source.{system.code}__operation").fetchall()[0][0]
        for system in SYSTEMS
    )
    assert 2.5 < licences / PLAN.residents < 3.5
    assert 1.1 < operations / licences < 1.4


def test_some_holders_ended_and_some_are_unknown(city: Connection) -> None:
    rows = _rows(city, "_holder_end_date, state_code, _defects, _has_valid_holder")
    ended = sum(end is not None and state == "01" for _, end, state, *_ in rows)
    unknown = sum("holder_code_unknown" in defects for *_, defects, _ in rows)
    wrong = sum(not valid for *_, valid in rows)
    assert ended > 100
    assert 0 < unknown < wrong < 0.02 * len(rows)
