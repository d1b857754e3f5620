"""The tables of the city's departments that are about people, declared.

Codes: 险种 310 职工, 390 居民; 参保状态 1 正常, 2 暂停, 4 终止; 账户状态 01 正常, 02 封存, 04 销户;
残疾类别 1 视力 to 7 多重, 等级 1 to 4 (GB/T 26341); 被执行人类型 1 自然人, 2 法人. Databases hold
dates and times; SQLite, files and workbooks hold text. Add a table of a city department here. Keep
out: the counties' tables (``records_grid.py``) and how a table is written (``records_person.py``).
"""

import duckdb

from sources.simulator.records_person import (
    DIVISION_CODE,
    DIVISION_NAME,
    PEOPLE_WORD,
    SEX_WORD,
    Companion,
    PersonTable,
    date_text,
    day_time_text,
    key,
    write_person_table,
)

_IS_ALIVE = "(person.death_date is null and person.left_date is null)"
_EMPLOYER = "left join unit_list as employer on {place} = employer.unit_place"
_EMPLOYED = _EMPLOYER.format(place="employer_place(person.person_id, age_days)")


def write_people_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables declared here. Needs people, employers and schools."""
    connection.execute(_SCHOOL_PLACE)
    for table in PEOPLE_TABLES:
        write_person_table(connection, table)


def _day_before(days: str, purpose: str) -> str:
    """A day up to so many days before the contact that put the row on file."""
    return f"begun_date - below(_row, '{purpose}', {days})::integer"


def _amount(purpose: str, least: int, spread: int) -> str:
    """An amount in yuan with two places."""
    return f"({least} + below(_row, '{purpose}', {spread}) / 100.0)::decimal(18, 2)"


def _one_of(purpose: str, words: str) -> str:
    chosen = words.split()
    listed = ", ".join(f"'{word}'" for word in chosen)
    return f"[{listed}][1 + below(_row, '{purpose}', {len(chosen)})]"


_PARTICIPANT = PersonTable(
    system="medical_insurance",
    table="participant",
    # who is known to have died stays three years
    people="chance(person_id, 'medical', 920000) and left_date is null"
    " and coalesce(death_date > getvariable('today') - 1100, true)",
    columns={
        "participant_no": key("3713", 6172839457, 90417),
        "id_number": "written_number",
        "name": "written_name",
        "sex_code": "sex_code",
        "birth_date": "written_birth",
        "ethnicity_code": "ethnicity_code",
        "phone": "written_phone",
        "division_code": DIVISION_CODE,
        "address": "written_address",
        "insurance_kind_code": "case when employer_place(person_id, age_days) is null then '390'"
        " else '310' end",
        "status_code": "case when death_date is not null then '4'"
        " when chance(person_id, 'medical paused', 40000) then '2' else '1' end",
        "updated_at": "day_time(updated_date, _row, 'medical')",
    },
)

# Schools by county and kind, so that a child goes to one near its home.
_SCHOOL_PLACE = """
create or replace temp table school_place as
select
    division_code,
    case
        when school_kind_name like '%小学%' then 1
        when school_kind_name like '%初%' then 2
        when school_kind_name like '%高%' or school_kind_name like '%中等%' then 3
    end as stage,
    list(struct_pack(code := school_code, name := name) order by school_code) as schools,
from source.student_register__school
group by all
"""

_STUDENT = PersonTable(
    system="student_register",
    table="student",
    people=f"person.age_days between 2250 and 6600 and {_IS_ALIVE}"
    " and chance(person_id, 'at school', 970000)",
    joins="""left join couple on person.couple_id = couple.couple_id
    left join school_place
        on getvariable('county_code')[person.county_now + 1] = school_place.division_code
        and case when person.age_days < 4440 then 1 when person.age_days < 5535 then 2 else 3 end
        = school_place.stage""",
    extra={
        "guardian_id": "case when chance(person_id, 'guarded by father', 500000)"
        " then coalesce(husband_id, wife_id) else coalesce(wife_id, husband_id) end",
        # the school a child draws highest: when one closes, the pupils of the others stay
        "school": "list_max(list_transform(schools, lambda s: struct_pack("
        "draw := mix(person.person_id, s.code), code := s.code, name := s.name)))",
        "school_year": "1 + ((person.age_days - 2250) // 365)::integer",
    },
    companion=Companion(role="guardian", person_id="guardian_id"),
    touched_days=1500,
    has_damaged_lines=True,
    columns={
        "student_no": key("G37", 5182736459, 31337),
        "id_number": "written_number",
        "name": "written_name",
        "sex_name": SEX_WORD,
        "birth_date": date_text("written_birth"),
        "ethnicity_name": PEOPLE_WORD,
        "school_code": "school.code",
        "school_name": "school.name",
        "grade_name": "['一年级', '二年级', '三年级', '四年级', '五年级', '六年级', '初一', '初二',"
        " '初三', '高一', '高二', '高三'][school_year]",
        "guardian_name": "guardian_written_name",
        "guardian_number": "guardian_written_number",
        "guardian_relation_name": "case guardian_sex_code when '1' then '父亲' when '2' then '母亲'"
        " end",
        "phone": "guardian_written_phone",
        "division_code": DIVISION_CODE,
        "address": "written_address",
        "updated_at": day_time_text("updated_date", "student"),
    },
)

_ACCOUNT = PersonTable(
    system="provident_fund",
    table="account",
    people=f"employer.unit_place is not null and {_IS_ALIVE}"
    " and chance(person_id, 'provident fund', 620000)",
    joins=_EMPLOYED,
    extra={
        "unit_name": "employer.name",
        "unit_code": "coalesce(employer.uscc, employer.organisation_code)",
    },
    columns={
        "account_no": key("8801", 7261534891, 22801),
        "id_number": "written_number",
        "name": "written_name",
        "phone": "written_phone",
        "unit_name": "unit_name",
        "unit_code": "unit_code",
        "opened_date": date_text(_day_before("3000", "opened")),
        "status_code": "case when chance(person_id, 'account sealed', 80000) then '02'"
        " when chance(person_id, 'account closed', 20000) then '04' else '01' end",
        "updated_at": day_time_text("updated_date", "account"),
    },
)

_VETERAN = PersonTable(
    system="veteran_register",
    table="veteran",
    people=f"sex_code = '1' and age_days > 13880 and {_IS_ALIVE} and is_registered"
    " and chance(person_id, 'veteran', 40000)",
    extra={"enlisted": "birth_date + 6600 + below(person_id, 'enlisted', 900)::integer"},
    is_workbook="true",
    columns={
        "record_no": key("T37", 4172839561, 71),
        "name": "written_name",
        "id_number": "written_number",
        "sex_name": SEX_WORD,
        "birth_date": date_text("written_birth"),
        "ethnicity_name": PEOPLE_WORD,
        "division_name": DIVISION_NAME,
        "address": "written_address",
        "phone": "written_phone",
        "enlisted_date": "enlisted::varchar",
        "discharged_date": "(enlisted + 720 + 365 * below(person_id, 'served', 11)::integer)"
        "::varchar",
        "updated_at": day_time_text("updated_date", "veteran"),
    },
)

_DISABLED_PERSON = PersonTable(
    system="disability_register",
    table="disabled_person",
    people=f"age_days > 1000 and {_IS_ALIVE} and is_registered"
    " and chance(person_id, 'disabled', case when age_days > 21900 then 75000 else 20000 end)",
    extra={
        "disability": "(1 + below(person_id, 'disability', 7))::varchar",
        "grade": "(1 + below(person_id, 'disability grade', 4))::varchar",
    },
    is_workbook="true",
    columns={
        "record_no": key("C37", 3172849561, 913),
        "name": "written_name",
        "id_number": "written_number",
        # the card's number is the person's and two digits: it was right on the day of issue
        "card_number": "number || disability || grade",
        "sex_name": SEX_WORD,
        "disability_kind_code": "disability",
        "disability_grade_code": "grade",
        "division_name": DIVISION_NAME,
        "address": "written_address",
        "phone": "written_phone",
        "issued_date": date_text(_day_before("600", "card")),
        "updated_at": day_time_text("updated_date", "disability"),
    },
)

_RECIPIENT = PersonTable(
    system="assistance_register",
    table="recipient",
    people=f"chance(household_id, 'low income', 20000) and {_IS_ALIVE} and is_registered",
    touched_days=1200,
    is_workbook="true",
    columns={
        "record_no": key("D37", 2172849563, 3131),
        "name": "written_name",
        "id_number": "written_number",
        "relation_code": "relation_code",
        "household_record_no": "'DB' || row_number_text(household_id, 9172849563, 51)",
        "division_code": DIVISION_CODE,
        "address": "written_address",
        "phone": "written_phone",
        "monthly_amount_cny": "(320 + 10 * below(household_id, 'assistance', 70))::decimal(18, 2)",
        "approved_date": date_text(_day_before("900", "approved")),
        "updated_at": day_time_text("updated_date", "assistance"),
    },
)

_PRACTITIONER = PersonTable(
    system="transport_practitioner",
    table="practitioner",
    people=f"age_days between 7700 and 22200 and {_IS_ALIVE}"
    " and chance(person_id, 'driver', case sex_code when '1' then 55000 else 4000 end)",
    joins=_EMPLOYED,
    extra={"employer_name": "employer.name"},
    columns={
        "practitioner_no": key("Y37", 8172849567, 1441),
        "id_number": "written_number",
        "name": "written_name",
        "sex_code": "sex_code",
        "phone": "written_phone",
        "address": "written_address",
        "qualification_kind_name": _one_of(
            "qualification",
            "道路货物运输 道路货物运输 道路旅客运输 出租汽车 危险货物运输 机动车维修",
        ),
        "employer_name": "employer_name",
        "issued_date": date_text(_day_before("2000", "qualified")),
        "updated_at": "day_time(updated_date, _row, 'practitioner')",
    },
)

_INDIVIDUAL = PersonTable(
    system="tax_register",
    table="individual",
    people=f"age_days between 6600 and 21900 and {_IS_ALIVE}"
    " and chance(person_id, 'taxpayer', 450000)",
    joins=_EMPLOYED,
    extra={"employer_code": "employer.uscc"},
    columns={
        "individual_no": key("ZRN", 9172849561, 6667),
        "id_number": "written_number",
        "name": "written_name",
        "sex_code": "sex_code",
        "birth_date": "written_birth",
        "phone": "written_phone",
        "address": "written_address",
        "employer_code": "employer_code",
        "updated_at": "day_time(updated_date, _row, 'taxpayer')",
    },
)

_DEBTOR = PersonTable(
    system="enforcement_case",
    table="debtor",
    people="age_days > 7300 and left_date is null and chance(person_id, 'debtor', 8000)",
    again="chance(person_id, 'debtor again', 180000)",
    touched_days=2400,
    extra={"court_county": "pick_county_slot(person_id, 'court')"},
    columns={
        "debtor_no": key("Z37", 7172849569, 4099),
        "case_no": "'(' || year(begun_date - 40) || ')鲁13' || lpad((court_county + 1)::varchar,"
        " 2, '0') || '执' || (1 + below(_row, 'case', 9000)) || '号'",
        "debtor_kind_code": "'1'",
        "debtor_name": "written_name",
        "debtor_code": "written_number",
        "court_name": "'临沂市' || getvariable('county_name')[court_county + 1] || '人民法院'",
        "filed_date": date_text("begun_date - 40"),
        "amount_cny": _amount("debt", 2000, 90000000),
        "performance_name": _one_of("performance", "全部未履行 全部未履行 部分履行 全部已履行"),
        "updated_at": day_time_text("updated_date", "debtor"),
        "_organisation_id": "null::bigint",
    },
)

_PAYMENT = PersonTable(
    system="subsidy_payment",
    table="payment",
    people=f"age_days > 6600 and {_IS_ALIVE} and chance(person_id, 'city subsidy', 60000)",
    again="chance(person_id, 'city subsidy again', 300000)",
    touched_days=700,
    columns={
        "payment_no": key("F37", 6172849571, 2741),
        "id_number": "written_number",
        "name": "written_name",
        "item_name": _one_of(
            "subsidy", "耕地地力保护补贴 农机购置补贴 高龄津贴 计划生育奖励扶助 创业补贴 稳岗补贴"
        ),
        "amount_cny": _amount("subsidy", 60, 400000),
        "paid_date": date_text("begun_date"),
        "updated_at": day_time_text("updated_date", "payment"),
    },
)

_PETITION = PersonTable(
    system="petition_case",
    table="petition",
    people=f"age_days > 7300 and {_IS_ALIVE} and chance(person_id, 'petitioner', 9000)",
    again="chance(person_id, 'petitions again', 250000)",
    touched_days=1500,
    columns={
        "petition_no": key("XF37", 5172849573, 1979),
        "id_number": "written_number",
        "name": "written_name",
        "phone": "written_phone",
        "topic_name": _one_of("petition", "征地拆迁 劳动社保 城乡建设 农村农业 涉法涉诉 环境保护"),
        "registered_date": date_text("begun_date - 5"),
        "updated_at": day_time_text("updated_date", "petition"),
    },
)

_CALL = PersonTable(
    system="hotline",
    table="call",
    people=f"phone is not null and {_IS_ALIVE} and chance(person_id, 'caller', 45000)",
    again="chance(person_id, 'calls again', 300000)",
    touched_days=720,
    columns={
        "call_no": key("RX", 4172849577, 8087),
        "caller_name": "written_name",
        "caller_phone": "written_phone",
        "topic_name": _one_of(
            "call", "供水供暖 物业管理 交通出行 教育 医疗 噪音扰民 社会保障 户籍"
        ),
        "division_code": DIVISION_CODE,
        "called_at": "day_time(begun_date - 9, _row, 'call')",
        "closed_at": "day_time(begun_date - 9, _row, 'call')"
        " + to_hours(2 + below(_row, 'closed', 200))",
        "updated_at": "day_time(updated_date - 9, _row, 'call')"
        " + to_hours(2 + below(_row, 'closed', 200))",
    },
)

_RIGHT = PersonTable(
    system="forest_right",
    table="right",
    people=f"relation_code = '02' and age_days > 14600 and {_IS_ALIVE} and is_registered"
    " and chance(person_id, 'forest', 35000)",
    touched_days=5000,
    columns={
        "right_no": key("LQ37", 3172849579, 12007),
        "holder_name": "written_name",
        "holder_code": "written_number",
        "area_mu": "(0.5 + below(_row, 'forest', 600000) / 10000.0)::decimal(18, 4)",
        "division_code": DIVISION_CODE,
        "registered_date": date_text("begun_date"),
        "updated_at": day_time_text("updated_date", "forest"),
    },
)

PEOPLE_TABLES = (
    _PARTICIPANT,
    _STUDENT,
    _ACCOUNT,
    _VETERAN,
    _DISABLED_PERSON,
    _RECIPIENT,
    _PRACTITIONER,
    _INDIVIDUAL,
    _DEBTOR,
    _PAYMENT,
    _PETITION,
    _CALL,
    _RIGHT,
)
