"""The organisations are plausible: codes valid by the plain standards, events in order."""

import datetime as dt

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


def test_every_code_is_valid_and_nobody_shares_one(city: Connection) -> None:
    rows = city.execute(
        "select pair, uscc, organisation_code, registration_number from organisation"
    ).fetchall()
    for pair, uscc, code, number in rows:
        assert uscc is None or (is_credit_code(uscc) and uscc.startswith(pair))
        assert code is None or is_organisation_code(code)
        assert uscc is None or uscc[8:17] == code
        assert number is None or is_registration_number(number)
        assert uscc or code or number
    for place in (1, 2, 3):
        codes = [row[place] for row in rows if row[place] is not None]
        assert len(codes) == len(set(codes)) > 100


def test_old_and_ended_organisations_know_only_old_codes(city: Connection) -> None:
    old = city.execute(
        "select count(*) filter (where uscc is null and registration_number is not null),"
        " count(*) filter (where uscc is null and ended_date is null) from organisation"
    ).fetchone()
    assert old is not None
    assert old[0] > 10
    assert old[1] == 0


def test_departments_of_the_registry_are_organisations(
    city: Connection, registry: Registry
) -> None:
    names = dict(city.execute("select uscc, name from organisation").fetchall())
    for system in registry.systems:
        assert names[system.department.uscc] == system.department.name


def test_representatives_are_adults(city: Connection) -> None:
    rows = city.execute(
        "select established_date, birth_date, pair from organisation"
        " left join person on representative_person_id = person_id"
    ).fetchall()
    young = 0
    registered = 0
    for established, born, pair in rows:
        if pair in {"11", "12", "13"}:
            assert born is None
            continue
        registered += 1
        young += (established - born).days < 20 * 365
    assert registered > 1000
    assert young / registered < 0.01


def test_events_begin_with_the_foundation_and_end_with_the_end(city: Connection) -> None:
    rows = city.execute(
        """
        select established_date, ended_date, status_code,
            list(event_type_code order by event_date, place), max(event_date)
        from organisation_event
        inner join organisation using (organisation_id)
        group by all
        """
    ).fetchall()
    assert len(rows) > 1000
    ends = {"3": "04", "4": "03"}
    for established, ended, status, events, latest in rows:
        assert events[0] == "01"
        assert (ended is not None) == (status in ends)
        assert ended is None or ended > established
        assert ended is None or events[-1] == ends[status]
        assert isinstance(latest, dt.date)
        assert latest <= PLAN.today


def test_units_without_a_credit_code_have_an_older_one(city: Connection) -> None:
    rows = city.execute(
        "select uscc, organisation_code, registration_number"
        " from source.social_security__insured_unit"
    ).fetchall()
    bare = [row for row in rows if row[0] is None]
    assert len(bare) > 10
    assert all(code or number for _, code, number in bare)
    assert any(code and "-" in code for _, code, _ in bare)
    assert any(number and not code for _, code, number in bare)
