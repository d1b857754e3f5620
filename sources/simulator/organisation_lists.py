"""Lists of organisations that land and are not modelled: permits, inspections, rankings, projects.

Add a list here, one declaration each. Keep out: registers that libraries are built from
(``organisation_tables.py``), lists about people (``people_tables.py``), how a table is written
(``records_organisation.py``). SQLite, files and workbooks hold text; dates stand in the form the
system writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from sources.simulator.mixer import insert_rows
from sources.simulator.organisation_kinds import first_and_size
from sources.simulator.records import record_truth
from sources.simulator.records_organisation import (
    OrganisationTable,
    draft_sql,
    truth_sql,
    write_organisation_table,
)
from sources.simulator.records_person import (
    PersonTable,
    date_text,
    day_time_text,
    key,
    write_person_table,
)


def write_organisation_lists(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the lists and the house contracts. Needs people and organisations."""
    _write_lists(connection)
    write_organisation_table(connection, _PROJECT)
    first, size = first_and_size(connection, "enterprise")
    connection.execute(
        "create or replace temp table house_seller as"
        " select row_number() over (order by organisation_id) - 1 as seller_place,"
        " name as seller_name, uscc as seller_uscc from organisation"
        f" where organisation_id between {first} and {first + size - 1}"
        " and name like '%房地产%' and uscc is not null"
    )
    connection.execute("set variable sellers = (select count(*) from house_seller)")
    write_person_table(connection, _HOUSE_CONTRACT)


def _write_lists(connection: duckdb.DuckDBPyConnection) -> None:
    """All lists are drawn at once, as planning the damage costs more than the few rows."""
    connection.execute(
        "create or replace temp table organisation_list"
        " (list_no integer, audience varchar, per_million integer)"
    )
    insert_rows(connection, "organisation_list", [
        (number, one.audience, one.per_million) for number, one in enumerate(LISTS)
    ])  # fmt: skip
    connection.execute(
        f"create or replace temp table listed as {draft_sql(_LISTED)}"
        f" select *, {truth_sql(_LISTED)} from draft"
    )
    for number, one in enumerate(LISTS):
        columns = {
            "record_no": key(one.prefix, 2468013579, 97),
            "unit_name": "written_name",
            "unit_code": "written_code",
            **one.columns,
            "division_code": "division_code",
            "updated_at": day_time_text("updated_date", "lists"),
        }
        written = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
        connection.execute(
            f"create or replace table source.{one.system}__{one.table} as"
            f" select {written}, organisation_id as _organisation_id, _defects,"
            " _has_valid_number, _date_defect is null as _is_landable, false as _tells_death"
            f" from listed where list_no = {number}"
        )
        record_truth(
            connection, system=one.system, table=one.table, key="record_no", kind="organisation"
        )


def _one_of(purpose: str, words: str) -> str:
    chosen = words.split()
    listed = ", ".join(f"'{word}'" for word in chosen)
    return f"[{listed}][1 + below(_row, '{purpose}', {len(chosen)})]"


def _day(purpose: str, days: int = 1200) -> str:
    return f"begun_date - below(_row, '{purpose}', {days})::integer"


def _date(pattern: str, purpose: str, days: int = 1200) -> str:
    """A day as text in the system's form; one in two thousand is no date."""
    day = _day(purpose, days)
    return (
        f"case when _date_defect is null then strftime({day}, '{pattern}')"
        f" else damaged_date_text({day}, _date_defect) end"
    )


@dataclass(frozen=True)
class OrganisationList:
    """One list: so many of a million organisations of an audience, and what it says of each
    besides name, code and division.
    """

    system: str
    table: str
    audience: str
    per_million: int
    prefix: str
    columns: Mapping[str, str]


# Who may be in a list.
_AUDIENCES = {
    "company": "kind = 'enterprise' and ended_date is null",
    "business": "is_market_entity and ended_date is null",
    "public": "kind in ('government', 'township', 'institution', 'hospital', 'school')"
    " and ended_date is null",
}

LISTS = (
    OrganisationList("high_tech_enterprise", "enterprise", "company", 30_000, "GX", {
        "certificate_number": "'GR' || (2022 + below(_row, 'year', 4)) || '37'"
        " || lpad(below(_row, 'certificate', 1000000)::varchar, 6, '0')",
        "issued_date": date_text(_day("issued")),
    }),
    OrganisationList("green_factory", "factory", "company", 8_000, "LS", {
        "level_name": _one_of("level", "国家 省 省 市 市 市"),
        "issued_date": date_text(_day("issued")),
    }),
    OrganisationList("discharge_permit", "permit", "company", 60_000, "PW", {
        "permit_number": "coalesce(uscc, organisation_code) || '001V'",
        "valid_to": date_text(f"({_day('issued')} + 1825)"),
    }),
    OrganisationList("penalty_record", "penalty", "business", 25_000, "CF", {
        "penalty_kind_name": _one_of("penalty", "占道经营 违规广告 渣土撒漏 油烟扰民 违法建设"),
        "amount_cny": "(200 + below(_row, 'fine', 3000000) / 100.0)::decimal(18, 2)",
        "penalty_date": date_text(_day("penalty")),
    }),
    OrganisationList("water_intake", "permit", "company", 25_000, "QS", {
        "permit_number": "'D' || division_code || 'G2021-'"
        " || lpad(below(_row, 'intake', 10000)::varchar, 4, '0')",
        "annual_volume_m3": "(1000 + below(_row, 'volume', 90000000) / 100.0)"
        "::decimal(18, 2)",
        "issued_date": _date("%Y/%m/%d", "issued"),
    }),
    OrganisationList("foreign_trade", "operator", "company", 50_000, "WM", {
        "registration_code": "lpad(below(_row, 'trade', 100000000)::varchar, 8, '0')",
        "registered_date": date_text(_day("registered")),
    }),
    OrganisationList("culture_venue", "venue", "business", 9_000, "WH", {
        "venue_kind_name": _one_of("venue", "歌舞娱乐 互联网上网 游艺娱乐 演出场所 书店"),
        "issued_date": date_text(_day("issued")),
    }),
    OrganisationList("hazardous_enterprise", "enterprise", "company", 15_000, "WX", {
        "hazard_level_name": _one_of("hazard", "蓝 蓝 黄 橙 红"),
        "inspected_date": _date("%Y年%m月%d日", "inspected"),
    }),
    OrganisationList("audited_unit", "unit", "public", 300_000, "SJ", {
        "audit_kind_name": _one_of("audit", "预算执行 经济责任 专项资金 决算"),
        "audited_date": date_text(_day("audited")),
    }),
    OrganisationList("state_enterprise", "enterprise", "company", 4_000, "GZ", {
        "state_share_percent": "[100, 100, 51, 60, 34, 70][1 + below(_row, 'share', 6)]"
        "::decimal(9, 4)",
        "registered_date": date_text("established_date"),
    }),
    OrganisationList("sports_venue", "venue", "business", 3_000, "TY", {
        "venue_kind_name": _one_of("sports", "游泳馆 健身房 篮球馆 羽毛球馆 足球场"),
        "opened_date": date_text(_day("opened")),
    }),
    OrganisationList("lightning_inspection", "inspection", "company", 12_000, "FL", {
        "inspected_date": date_text(_day("inspected", 300)),
        "result_name": _one_of("lightning", "合格 合格 合格 整改"),
    }),
    OrganisationList("fire_inspection", "inspection", "business", 40_000, "XF", {
        "inspected_date": date_text(_day("inspected", 600)),
        "result_name": _one_of("fire", "合格 合格 责令整改 临时查封"),
    }),
    OrganisationList("finance_institution", "institution", "company", 3_000, "JR", {
        "institution_kind_name": _one_of("finance", "小额贷款 融资担保 典当 融资租赁 地方交易场所"),
        "approved_date": date_text(_day("approved")),
    }),
)  # fmt: skip

_LISTED = OrganisationTable(
    system="lists",
    table="lists",
    organisations="chance(organisation_id * 32 + list_no, 'listed', per_million) and case audience "
    + " ".join(f"when '{audience}' then {sql}" for audience, sql in _AUDIENCES.items())
    + " end",
    joins="cross join organisation_list",
    extra={"list_no": "organisation_list.list_no"},
    row="organisation_id * 32 + list_no",
    lag=300,
    touched_days=1100,
    old_per_million=60_000,
    missing_per_million=30_000,
    # what the lists use of the writings
    columns={"unit_name": "written_name", "unit_code": "written_code", "day": "_date_defect"},
)

# A typed table of PostgreSQL: days stay days.
_PROJECT = OrganisationTable(
    system="investment_project",
    table="project",
    organisations="kind in ('enterprise', 'government') and chance(organisation_id, 'project',"
    " case kind when 'government' then 300000 else 50000 end)",
    lag=300,
    missing_per_million=30_000,
    columns={
        "project_code": "year(begun_date) || '-' || division_code || '-'"
        " || lpad(below(_row, 'project class', 100)::varchar, 2, '0') || '-01-'"
        " || lpad(organisation_id::varchar, 7, '0')",
        "name": "replace(name, '有限公司', '') || '年产' || (1 + below(_row, 'project size', 90))"
        " || '万件项目'",
        "unit_name": "written_name",
        "unit_code": "written_code",
        "industry_code": "written_industry",
        "total_investment_wan_cny": "(50 + below(_row, 'investment', 900000000) / 10000.0)"
        "::decimal(24, 4)",
        "division_code": "division_code",
        "declared_date": "begun_date - 20",
        "updated_at": "day_time(updated_date, _row, 'project')",
    },
)

_HOUSE_CONTRACT = PersonTable(
    system="house_contract",
    table="contract",
    people="person.age_days > 8000 and chance(person_id, 'buys a house', 25000)",
    joins="left join house_seller on below(person.person_id, 'seller',"
    " greatest(1, getvariable('sellers'))) = house_seller.seller_place",
    extra={"seller": "house_seller.seller_name", "seller_uscc": "house_seller.seller_uscc"},
    columns={
        "contract_no": key("3713FC", 6172849597, 5501),
        "buyer_name": "written_name",
        "buyer_code": "written_number",
        "seller_name": "seller",
        "seller_code": "seller_uscc",
        "area_m2": "(45 + below(_row, 'area', 15000) / 100.0)::decimal(18, 2)",
        "amount_cny": "(200000 + below(_row, 'price', 300000000) / 100.0)::decimal(18, 2)",
        "division_code": "getvariable('county_code')[county_now + 1]",
        "signed_date": date_text("begun_date"),
        "updated_at": day_time_text("updated_date", "contract"),
    },
)
