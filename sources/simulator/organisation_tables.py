"""The registers of the city's departments that are about organisations, declared.

Codes: tax status 03 正常, 04 停业, 05 非正常, 07 注销; insured units 1 正常, 2 暂停, 3 终止, unit
type 1 企业, 2 机关, 3 事业单位, 4 社会组织, 5 个体工商户; statistics 1 正常, 2 停业, 5 注销;
staffing office 1 正常, 2 撤销, 3 注销; social organisations as GB/T 36104. Databases hold dates and
times; SQLite, files and workbooks hold text. Add a register here. Keep out: market regulation's own
tables (``records_market.py``), lists nobody models (``organisation_lists.py``), how a table is
written (``records_organisation.py``).
"""

import duckdb

from sources.simulator.organisation_small_tables import SMALL_REGISTERS
from sources.simulator.records_organisation import OrganisationTable, write_organisation_table
from sources.simulator.records_person import date_text, day_time_text, key


def write_organisation_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the registers that say nothing about people's own records, and ``unit_list``: the
    units people are employed by. Needs organisations.
    """
    for table in REGISTERS:
        write_organisation_table(connection, table)
    connection.execute(_UNIT_LIST)
    connection.execute("set variable units = (select count(*) from unit_list)")


def write_insured_units(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the insured units with the number of their people. Needs the insured people."""
    connection.execute(_INSURED_COUNT)
    write_organisation_table(connection, _INSURED_UNIT)


def add_debtor_units(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the units to the debtors. Needs the debtors who are people."""
    write_organisation_table(connection, _DEBTOR_UNIT, is_added=True)


_IS_INSURED = """chance(organisation_id, 'insured', case
    when pair in ('11', '12', '13') then 1000000
    when kind = 'outside' then 0
    when pair = '91' then 600000
    when pair = '92' then 80000
    when pair in ('54', '55') then 900000
    when pair in ('N1', 'N2', 'N3', '81', '82', 'J1') then 20000
    else 400000
end)"""
_UNIT_NO = "'37U' || row_number_text(organisation_id, 9876543213, 4711)"

# As they were on the base day: nobody's employer changes because a company does.
_UNIT_LIST = f"""
create or replace temp table unit_list as
select
    organisation.* replace (
        in_time(getvariable('today'), name_date_1, name_date_2, name_a, name_b, name_c) as name
    ),
    row_number() over (order by organisation_id) - 1 as unit_place,
    {_UNIT_NO} as unit_no,
from organisation
where founded_date is null and {_IS_INSURED}
"""

_INSURED_COUNT = """
create or replace temp table insured_count as
select employer_unit_no, count(*)::integer as people
from source.social_security__insured_person
where employer_unit_no is not null
group by employer_unit_no
"""

_INSURED_UNIT = OrganisationTable(
    system="social_security",
    table="insured_unit",
    organisations=_IS_INSURED,
    lag=120,
    old_per_million=125_000,
    joins=f"left join insured_count on {_UNIT_NO} = insured_count.employer_unit_no",
    extra={"insured_people": "coalesce(people, 0)"},
    columns={
        "unit_no": _UNIT_NO,
        "uscc": "written_uscc",
        "registration_number": "written_registration_number",
        "organisation_code": "case when chance(organisation_id, 'hyphen', 500000)"
        " then substr(written_organisation_code, 1, 8) || '-'"
        " || substr(written_organisation_code, 9) else written_organisation_code end",
        "name": "written_name",
        "unit_type_code": "case when pair = '92' then '5' when pair = '11' then '2'"
        " when pair in ('12', '13') then '3' when pair in ('91', '93') then '1' else '4' end",
        "legal_representative_name": "written_officer_name",
        "legal_representative_id_number": "written_officer_number",
        "division_code": "division_code",
        "address": "address",
        "phone": "written_phone",
        "insured_person_count": "insured_people",
        "status_code": "case status_code when '4' then '3' when '3' then '2' else '1' end",
        "updated_at": "day_time(updated_date, _row, 'unit')",
    },
)

# Some of the cancelled are still normal at the tax office, some are 非正常户.
_TAXPAYER = OrganisationTable(
    system="tax_register",
    table="taxpayer",
    organisations="""kind <> 'outside' and chance(organisation_id, 'taxpayer', case
        when pair = '91' then 930000 when pair = '92' then 560000 when pair = '93' then 620000
        when pair in ('11', '12', '13', '51', '52', '53') then 350000
        when pair in ('31', '32', '33', '34') then 960000 when pair in ('54', 'N2') then 150000
        else 60000 end)""",
    lag=200,
    old_per_million=40_000,
    columns={
        "taxpayer_no": key("10213713", 8172635419, 60013),
        "taxpayer_code": "case when _code_defect = 'old_code' then old_tax_number"
        " else written_uscc end",
        "uscc": "case when chance(organisation_id, 'one number', 900000) then written_uscc end",
        "name": "written_name",
        "registration_type_code": "case pair when '91' then case entity_type_code"
        " when '1151' then '173' when '1210' then '160' when '2190' then '159' else '150' end"
        " when '92' then '410' when '93' then '190' else '900' end",
        "status_code": "case status_code when '4' then '07' when '3' then '05' else case"
        " when chance(organisation_id, 'tax pause', 30000) then '04'"
        " when chance(organisation_id, 'tax lost', 25000) then '05' else '03' end end",
        "representative_name": "written_officer_name",
        "representative_number": "written_officer_number",
        "industry_code": "written_industry",
        "division_code": "division_code",
        "address": "replace(address, '山东省', '')",
        "phone": "written_phone",
        "registered_date": "least(established_date"
        " + below(organisation_id, 'tax day', 30)::integer, updated_date)",
        "updated_at": "day_time(updated_date, _row, 'taxpayer')",
    },
)

_BASIC_UNIT = OrganisationTable(
    system="basic_unit",
    table="unit",
    organisations="""kind <> 'outside' and chance(organisation_id, 'basic unit', case
        when pair in ('11', '12', '13', '54', '55') then 990000
        when pair = '91' then 900000 when pair = '92' then 0
        when pair = '93' then 700000 when pair in ('N1', 'N2', 'N3') then 550000
        else 800000 end)""",
    lag=420,
    old_per_million=60_000,
    columns={
        "unit_no": key("T", 7162534987, 1999),
        "uscc": "written_uscc",
        "organisation_code": "written_organisation_code",
        "name": "written_name",
        "representative_name": "written_officer_name",
        "industry_code": "written_industry",
        "employee_count": "employee_count",
        "operating_status_code": "case status_code when '4' then '5' when '3' then '2' else '1'"
        " end",
        "division_code": "division_code",
        "address": "address",
        "phone": "written_phone",
        "updated_at": day_time_text("updated_date", "basic unit"),
    },
)

_INSTITUTION = OrganisationTable(
    system="institution_register",
    table="institution",
    organisations="kind in ('government', 'township', 'school', 'hospital', 'institution')",
    lag=0,
    joins="left join (select organisation_id as body_id, uscc as supervisor_uscc"
    " from organisation) as supervisor on supervisor_organisation_id = body_id"
    " left join (select organisation_id as taker_id, uscc as taker_uscc"
    " from organisation) as taker on successor_id = taker_id",
    extra={
        "supervisor_uscc": "supervisor.supervisor_uscc",
        "successor_uscc": "case when ended_date is not null then taker.taker_uscc end",
    },
    old_per_million=0,
    missing_per_million=2_000,
    columns={
        "institution_no": key("SY37", 6152433871, 77),
        "uscc": "written_uscc",
        "name": "written_name",
        "institution_kind_code": "pair",
        "supervisor_uscc": "supervisor_uscc",
        "representative_name": "written_officer_name",
        "representative_number": "written_officer_number",
        "funding_name": "case when pair in ('11', '13') then '财政全额' else"
        " ['财政全额', '财政全额', '财政差额', '自收自支'][1 + below(organisation_id, 'fund', 4)]"
        " end",
        "division_code": "registration_division_code",
        "address": "address",
        "phone": "written_phone",
        "established_date": date_text("established_date"),
        "valid_to": "case when pair = '12' and ended_date is null then (date '2026-03-31'"
        " + 365 * below(organisation_id, 'certificate', 4)::integer)::varchar end",
        "status_code": "case when ended_date is null then '1'"
        " when pair = '12' then '3' else '2' end",
        "ended_date": "ended_date::varchar",
        "successor_uscc": "successor_uscc",
        "updated_at": day_time_text("updated_date", "institution"),
    },
    is_landable="_date_defect is null",
)

_SOCIAL_ORGANISATION = OrganisationTable(
    system="civil_registry",
    table="social_organisation",
    organisations="pair in ('51', '52', '53')",
    lag=0,
    touched_days=900,
    old_per_million=0,
    missing_per_million=1_000,
    columns={
        "organisation_no": key("37S", 6543219871, 1212),
        "uscc": "written_uscc",
        "name": "written_name",
        "organisation_type_code": "pair",
        "legal_representative_name": "written_officer_name",
        "legal_representative_id_number": "written_officer_number",
        "registered_capital_wan_cny": "case when organisation_id % 67 = 50 then '叁万元整' else"
        " trim(trailing '.' from trim(trailing '0' from capital_wan_cny::varchar)) end",
        "established_date": "established_date::varchar",
        "division_code": "division_code",
        "address": "address",
        "phone": "phone",
        "status_code": "status_code",
        "cancelled_date": "ended_date::varchar",
        "updated_at": day_time_text("updated_date", "social"),
    },
    more_defects=("case when organisation_id % 67 = 50 then 'capital_in_words' end",),
    is_landable="organisation_id % 67 <> 50",
)

_DEBTOR_UNIT = OrganisationTable(
    system="enforcement_case",
    table="debtor",
    organisations="pair in ('91', '92', '93') and kind <> 'outside'"
    " and chance(organisation_id, 'debtor unit', 30000)",
    lag=700,
    old_per_million=80_000,
    missing_per_million=40_000,
    columns={
        "debtor_no": key("ZU", 5172849571, 977),
        "case_no": "'(' || year(begun_date - 40) || ')鲁13' || lpad((coalesce(county_no, 0) + 1)"
        "::varchar, 2, '0') || '执' || (9000 + below(_row, 'case', 9000)) || '号'",
        "debtor_kind_code": "'2'",
        "debtor_name": "written_name",
        "debtor_code": "written_code",
        "court_name": "'临沂市' || getvariable('county_name')[coalesce(county_no, 0) + 1]"
        " || '人民法院'",
        "filed_date": date_text("begun_date - 40"),
        "amount_cny": "(20000 + below(_row, 'unit debt', 900000000) / 100.0)::decimal(18, 2)",
        "performance_name": "['全部未履行', '全部未履行', '部分履行', '全部已履行']"
        "[1 + below(_row, 'performance', 4)]",
        "updated_at": day_time_text("updated_date", "debtor"),
    },
    is_landable="_date_defect is null",
)

REGISTERS = (
    _TAXPAYER,
    _BASIC_UNIT,
    _INSTITUTION,
    _SOCIAL_ORGANISATION,
    *SMALL_REGISTERS,
)
