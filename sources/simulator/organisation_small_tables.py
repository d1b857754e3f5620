"""Registers of one kind of organisation each: committees, collectives, unions, religious sites, law
firms, schools, declared.

Add such a register here. Keep out: registers of many kinds (``organisation_tables.py``), how a
table is written (``records_organisation.py``).
"""

from sources.simulator.records_organisation import OrganisationTable
from sources.simulator.records_person import date_text, day_time_text, key

_COMMITTEE = OrganisationTable(
    system="grassroots_register",
    table="committee",
    organisations="pair in ('54', '55')",
    lag=60,
    old_per_million=0,
    columns={
        "committee_no": key("JC", 5142332761, 8),
        "uscc": "written_uscc",
        "name": "written_name",
        "committee_kind_code": "pair",
        "township_name": "getvariable('township')[township_no + 1]",
        "director_name": "written_officer_name",
        "director_number": "written_officer_number",
        "division_code": "division_code",
        "address": "address",
        "phone": "written_phone",
        "established_date": date_text("established_date"),
        "status_name": "case when ended_date is null then '正常' else '已撤销' end",
        "updated_at": day_time_text("updated_date", "committee"),
    },
    is_landable="_date_defect is null",
)

_COLLECTIVE = OrganisationTable(
    system="rural_collective",
    table="collective",
    organisations="pair in ('N1', 'N2', 'N3')",
    old_per_million=0,
    missing_per_million=20_000,
    columns={
        "record_no": key("NJ", 4132231651, 90),
        "uscc": "written_uscc",
        "name": "written_name",
        "collective_kind_name": "case pair when 'N1' then '组级' when 'N2' then '村级'"
        " else '乡镇级' end",
        "representative_name": "written_officer_name",
        "representative_number": "written_officer_number",
        "member_count": "(case pair when 'N1' then 60 when 'N2' then 300 else 4000 end"
        " + below(organisation_id, 'members', 900))::integer",
        "assets_wan_cny": "(below(organisation_id, 'assets', 90000000) / 10000.0)::decimal(18, 4)",
        "division_code": "division_code",
        "address": "address",
        "registered_date": date_text("established_date"),
        "updated_at": day_time_text("updated_date", "collective"),
    },
    is_landable="_date_defect is null",
)

_UNION = OrganisationTable(
    system="union_register",
    table="union",
    organisations="pair in ('81', '82')",
    joins="left join (select organisation_id as host_id, uscc as host_uscc from organisation)"
    " as host on host_organisation_id = host_id",
    extra={"host_uscc": "host.host_uscc"},
    old_per_million=0,
    missing_per_million=60_000,
    columns={
        "record_no": key("GH", 3122130541, 55),
        "uscc": "written_uscc",
        "name": "written_name",
        "host_code": "host_uscc",
        "chair_name": "written_officer_name",
        "member_count": "(10 + below(organisation_id, 'members', 600))::integer",
        "division_code": "division_code",
        "address": "address",
        "established_date": date_text("established_date"),
        "updated_at": day_time_text("updated_date", "union"),
    },
    is_landable="_date_defect is null",
)

_RELIGIOUS_SITE = OrganisationTable(
    system="religious_site",
    table="site",
    organisations="pair = '71'",
    old_per_million=0,
    missing_per_million=30_000,
    columns={
        "record_no": key("ZJ", 2112029431, 31),
        "uscc": "written_uscc",
        "name": "written_name",
        "religion_name": "case when name_a like '%基督教%' then '基督教'"
        " when name_a like '%清真寺' then '伊斯兰教' when name_a like '%天主教堂' then '天主教'"
        " when name_a like '%道观' then '道教' else '佛教' end",
        "head_name": "written_officer_name",
        "division_code": "division_code",
        "address": "address",
        "registered_date": date_text("established_date"),
        "updated_at": day_time_text("updated_date", "site"),
    },
    is_landable="_date_defect is null",
)

_LAW_FIRM = OrganisationTable(
    system="legal_service",
    table="law_firm",
    organisations="pair in ('31', '32', '33', '34', '36')",
    lag=60,
    old_per_million=50_000,
    columns={
        "firm_no": key("LS", 1102928321, 13),
        "uscc": "written_uscc",
        "name": "written_name",
        "head_name": "written_officer_name",
        "head_number": "written_officer_number",
        "division_code": "division_code",
        "address": "address",
        "phone": "written_phone",
        "established_date": date_text("established_date"),
        "status_code": "status_code",
        "updated_at": day_time_text("updated_date", "law firm"),
    },
    is_landable="_date_defect is null",
)

_SCHOOL = OrganisationTable(
    system="student_register",
    table="school",
    organisations="kind = 'school' or kind = 'private_unit' and name_a like '%幼儿园'"
    " and ended_date is null",
    lag=150,
    old_per_million=150_000,
    missing_per_million=30_000,
    columns={
        "school_code": "registration_division_code || lpad((organisation_id * 7)::varchar, 9, '0')",
        "name": "written_name",
        "uscc": "written_uscc",
        "organisation_code": "written_organisation_code",
        "school_kind_name": "case when name_a like '%幼儿园' then '幼儿园'"
        " when name_a like '%小学' then '小学' when name_a like '%初级中学' then '初级中学'"
        " else '高级中学' end",
        "headmaster_name": "written_officer_name",
        "division_code": "division_code",
        "address": "address",
        "phone": "written_phone",
        "updated_at": day_time_text("updated_date", "school"),
    },
)

SMALL_REGISTERS = (
    _COMMITTEE,
    _COLLECTIVE,
    _UNION,
    _RELIGIOUS_SITE,
    _LAW_FIRM,
    _SCHOOL,
)
