"""The licences are well formed but where the truth says they are not, and their versions chain."""

import datetime as dt
import itertools

import duckdb
import pytest

from tests.unit.simulator.conftest import PLAN
from tests.unit.simulator.plain import is_credit_code, is_licence_identifier

pytestmark = pytest.mark.unit

Connection = duckdb.DuckDBPyConnection


def test_an_identifier_is_well_formed_exactly_when_the_truth_says_so(city: Connection) -> None:
    rows = city.execute(
        "select licence_identifier, coalesce(_true_identifier, licence_identifier),"
        " _is_well_formed, licence_type_code,"
        " issuer_code from source.licence_issuing__licence"
    ).fetchall()
    broken = 0
    for written, true, is_well_formed, type_code, issuer_code in rows:
        assert is_licence_identifier(true)
        assert is_well_formed == (written is not None and is_licence_identifier(written))
        assert true.split(".")[5:7] == [type_code, issuer_code]
        broken += not is_well_formed
    assert 0 < broken < 0.005 * len(rows)
    assert len({true for _, true, *_ in rows}) == len(rows)


def test_types_and_issuers_bear_valid_codes(city: Connection) -> None:
    rows = city.execute(
        "select distinct licence_type_code, issuer_code from source.licence_issuing__licence"
    ).fetchall()
    assert all(is_credit_code(type_code[:18]) for type_code, _ in rows)
    divisions = {issuer for _, issuer in rows if len(issuer) == 6}
    assert divisions
    assert all(is_credit_code(issuer) for _, issuer in rows if len(issuer) != 6)
    assert len({type_code for type_code, _ in rows}) >= 10


def test_serials_have_several_forms(city: Connection) -> None:
    lengths = {
        len(identifier.split(".")[7])
        for (identifier,) in city.execute(
            "select coalesce(_true_identifier, licence_identifier)"
            " from source.licence_issuing__licence"
        ).fetchall()
    }
    assert lengths == {9, 10, 12, 15, 32}


def test_versions_chain_without_gaps(city: Connection) -> None:
    chains: dict[int, list[tuple[int, str, str | None, dt.date, int]]] = {}
    for licence, *rest in city.execute(
        "select _licence_id, _version, licence_identifier, previous_identifier, issued_date,"
        " _last_version from source.licence_issuing__licence order by _licence_id, _version"
    ).fetchall():
        chains.setdefault(licence, []).append(tuple(rest))
    long = [chain for chain in chains.values() if len(chain) > 1]
    assert len(long) > 500
    for chain in long:
        assert [version for version, *_ in chain] == list(range(1, len(chain) + 1))
        assert {last for *_, last in chain} == {len(chain)}
        for before, after in itertools.pairwise(chain):
            assert after[2] == before[1]
            assert after[3] > before[3]
    assert all(chain[0][2] is None for chain in chains.values())


def test_nothing_is_issued_to_the_dead_or_tomorrow(city: Connection) -> None:
    late = city.execute(
        "select count(*) from source.licence_issuing__licence"
        f" where issued_date > _holder_end_date or issued_date > date '{PLAN.today}'"
    ).fetchone()
    assert late == (0,)


def test_every_state_and_every_way_to_write_no_end_occurs(city: Connection) -> None:
    states = {
        state
        for (state,) in city.execute(
            "select distinct state_code from source.licence_issuing__licence"
        ).fetchall()
    }
    assert states == {"01", "02", "03", "04", "05", "06", "07", "99"}
    endless = {
        text
        for (text,) in city.execute(
            "select distinct valid_to from source.licence_issuing__licence where _valid_to is null"
        ).fetchall()
    }
    assert endless == {"长期", "9999-12-31", "", None}


def test_there_are_about_three_per_adult_and_two_per_organisation(city: Connection) -> None:
    row = city.execute(
        """
        select
            (select count(*) from source.licence_issuing__licence where _person_id is not null)
            / (select count(*) from person where age_days >= 6575),
            (select count(*) from source.licence_issuing__licence where _person_id is null)
            / (select count(*) from organisation)
        """
    ).fetchone()
    assert row is not None
    assert 2.5 < row[0] < 3.8
    assert 1.4 < row[1] < 2.6


def test_some_holders_ended_and_some_are_unknown(city: Connection) -> None:
    row = city.execute(
        "select count(*) filter (where _holder_end_date is not null and state_code = '01'),"
        " count(*) filter (where _defects like '%holder_code_unknown%'),"
        " count(*) filter (where not _has_valid_holder), count(*)"
        " from source.licence_issuing__licence"
    ).fetchone()
    assert row is not None
    ended, unknown, wrong, total = row
    assert ended > 100
    assert 0 < unknown < wrong < 0.02 * total
