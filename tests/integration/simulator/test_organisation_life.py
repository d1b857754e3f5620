"""After the base day: what no event touches stays as it was, byte for byte; what happens is dated,
and reaches each system in its own time. Organisations and licences; people are tested elsewhere.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from citybase.duck import connect
from sources.registry import Registry
from sources.simulator.generate import make_people
from sources.simulator.licences import issue_licences
from sources.simulator.organisation_tables import REGISTERS
from sources.simulator.organisations import build_organisations
from sources.simulator.plan import CityPlan
from sources.simulator.records_market import write_enterprise_register
from sources.simulator.records_organisation import write_organisation_table

pytestmark = pytest.mark.integration

Connection = duckdb.DuckDBPyConnection
_DAYS = 60
_BASE = CityPlan(seed=11, scale=0.001)
_LATER = CityPlan(seed=11, scale=0.001, elapsed_days=_DAYS)
_TABLES = {
    "enterprise_register__enterprise": "enterprise_no",
    "enterprise_register__status_event": "event_no",
    "enterprise_register__change": "change_no",
    "enterprise_register__branch": "branch_no",
    "enterprise_register__shareholder": "shareholder_no",
    "tax_register__taxpayer": "taxpayer_no",
    "basic_unit__unit": "unit_no",
    "security_licence__licence": "record_no",
    "security_licence__operation": "operation_no",
    "licence_issuing__licence": "record_no",
    "licence_issuing__operation": "operation_no",
    "market_licence__licence": "record_no",
    "market_licence__operation": "operation_no",
    "land_licence__licence": "record_no",
}


def _made(plan: CityPlan, registry: Registry) -> Connection:
    connection = connect()
    make_people(connection, plan)
    build_organisations(connection, plan, registry)
    write_enterprise_register(connection)
    for table in REGISTERS:
        if f"{table.system}__{table.table}" in _TABLES:
            write_organisation_table(connection, table)
    issue_licences(connection)
    return connection


@pytest.fixture(scope="module")
def both(registry: Registry) -> Iterator[tuple[Connection, Connection]]:
    base, later = _made(_BASE, registry), _made(_LATER, registry)
    yield base, later
    base.close()
    later.close()


def _content(connection: Connection, table: str, key: str) -> dict[str, tuple[Any, ...]]:
    """The registry's columns of each row, by key."""
    columns = [
        name
        for (name,) in connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'source'"
            " and table_name = ? and column_name not like '\\_%' escape '\\'",
            [table],
        ).fetchall()
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    return {
        row[0]: row[1:]
        for row in connection.execute(
            f"select {key}, updated_at::timestamp, {listed} from source.{table}"
        ).fetchall()
    }


@pytest.mark.parametrize("table", _TABLES)
def test_what_changes_was_written_after_the_base_day(
    both: tuple[Connection, Connection], table: str
) -> None:
    before, after = (_content(connection, table, _TABLES[table]) for connection in both)
    assert set(before) <= set(after)
    changed = [key for key in before if before[key] != after[key]]
    added = set(after) - set(before)
    assert len(changed) < 0.06 * len(before)
    for key in (*changed, *added):
        day = after[key][0].date()
        assert _BASE.today < day <= _LATER.now, (table, before.get(key), after[key])


def test_everything_happens(both: tuple[Connection, Connection]) -> None:
    base, later = both
    total = base.execute("select count(*) from organisation").fetchall()[0][0]
    row = later.execute(
        """
        select
            count(*) filter (where established_date > getvariable('today')),
            count(*) filter (where cancelled_date > getvariable('today')),
            count(*) filter (where abnormal_date > getvariable('today')),
            count(*) filter (where name_date_2 > getvariable('today')),
            count(*) filter (where address_date_2 > getvariable('today')),
            count(*) filter (where officer_date_2 > getvariable('today')),
            min(organisation_id) filter (where established_date > getvariable('today')),
        from organisation
        """
    ).fetchone()
    assert row is not None
    *happened, first_new = row
    assert all(count > 0 for count in happened), happened
    assert first_new == total
    licences = " union all ".join(
        f"select issued_date::date, _version, state_code, updated_at::date from source.{name}"
        for name in _TABLES
        if name.endswith("__licence")
    )
    new, renewed, ended = later.execute(
        f"""
        with licence(issued, version, state, updated) as ({licences})
        select
            count(*) filter (where issued > getvariable('today') and version = 1),
            count(*) filter (where issued > getvariable('today') and version > 1),
            count(*) filter (where updated > getvariable('today') and state <> '01')
        from licence
        """
    ).fetchall()[0]
    assert min(new, renewed, ended) > 5


def test_the_tax_office_hears_later_than_the_registry(both: tuple[Connection, Connection]) -> None:
    _, later = both
    rows = later.execute(
        """
        select market.updated_at::date, tax.updated_at::date, tax.status_code
        from source.enterprise_register__enterprise as market
        inner join source.tax_register__taxpayer as tax using (_organisation_id)
        where market.status_code = '4' and market.updated_at > getvariable('today') + interval 1 day
        """
    ).fetchall()
    heard = [(market, tax) for market, tax, status in rows if status == "07"]
    assert 0 < len(heard) < len(rows)
    assert all(market <= tax <= _LATER.now for market, tax in heard)
    assert _LATER.now == dt.date(2026, 3, 1)
