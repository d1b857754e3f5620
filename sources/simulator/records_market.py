"""What market regulation wrote: enterprises and businesses, their branches, shareholders, changes,
successions, and what happened to them.

Codes: 登记状态 as GB/T 36104 (1 正常, 2 异常, 3 吊销, 4 注销); events 01 设立, 02 变更, 03 注销, 04
吊销, 05 列入经营异常名录, 06 移出经营异常名录; changes 01 名称 02 法定代表人 03 住所 04 注册资本;
succession 1 吸收合并 2 新设合并 3 分立 4 个转企 5 改制; shareholders 1 自然人, 2 法人. 经营期限至
is a day, 长期, 9999-12-31 or empty. ``_capital_is_nan`` marks rows whose capital the database holds
as NaN. Add tables of this department here.
"""

import duckdb

from sources.simulator.records import record_truth
from sources.simulator.records_organisation import OrganisationTable, write_organisation_table

_ENTERPRISE_NO = "'3713' || row_number_text({}, 2345678917, 19)"
_CAPITAL_IS_NAN = "organisation_id % 211 = 3"


def write_enterprise_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the six tables ``source.enterprise_register__…``. Needs organisations."""
    write_organisation_table(connection, _ENTERPRISE)
    for statement in (_EVENT, _BRANCH, _SHAREHOLDER, _CHANGE, _SUCCESSION):
        connection.execute(statement)
    record_truth(
        connection,
        system="enterprise_register",
        table="branch",
        key="branch_no",
        kind="organisation",
    )
    for kind in ("person", "organisation"):
        record_truth(
            connection,
            system="enterprise_register",
            table="shareholder",
            key="shareholder_no",
            role="shareholder",
            kind=kind,
        )
    for role in ("predecessor", "successor"):
        record_truth(
            connection,
            system="enterprise_register",
            table="succession",
            key="succession_no",
            role=role,
            prefix=f"{role}_",
            kind="organisation",
        )


_ENTERPRISE = OrganisationTable(
    system="enterprise_register",
    table="enterprise",
    organisations="is_market_entity",
    lag=0,
    touched_days=2400,
    old_per_million=0,
    missing_per_million=0,
    typo_per_million=300,
    extra={"capital_is_nan": f"organisation.{_CAPITAL_IS_NAN}"},
    columns={
        "enterprise_no": _ENTERPRISE_NO.format("organisation_id"),
        "uscc": "written_uscc",
        "registration_number": "coalesce(registration_number, former_registration_number)",
        "organisation_code": "case when pair = '92' and uscc is null then null"
        " when _code_defect = 'codes_disagree' then written_organisation_code"
        " else organisation_code end",
        "name": "name",
        "entity_type_code": "entity_type_code",
        "legal_representative_name": "written_officer_name",
        "legal_representative_id_type_code": "'10'",
        "legal_representative_id_number": "written_officer_number",
        "registered_capital_wan_cny": "capital_wan_cny",
        "established_date": "established_date",
        "industry_code": "industry_code",
        "division_code": "division_code",
        "address": "address",
        "business_scope": "['日用百货销售', '建筑材料销售', '食品经营', '道路货物运输', '软件开发',"
        " '木材加工', '餐饮服务', '农产品初加工'][1 + below(organisation_id, 'scope', 8)]"
        " || '。(依法须经批准的项目,经相关部门批准后方可开展经营活动)'",
        "phone": "written_phone",
        "valid_from": "established_date",
        "valid_to": "case when pair = '92' then null else ['长期', '长期', '长期', '9999-12-31',"
        " '', null, (established_date + 10957)::varchar][1 + below(organisation_id, 'term', 7)]"
        " end",
        "status_code": "status_code",
        "registration_authority_code": "registration_division_code",
        "approved_date": "least(established_date + 2, getvariable('now'))",
        "updated_at": "day_time(updated_date, organisation_id, 'enterprise')",
        "_capital_is_nan": "capital_is_nan",
    },
    valid_code="_code_defect is null or _code_defect = 'codes_disagree'"
    " or registration_number is not null or pair <> '92' or _code_defect = 'code_digit_typo'"
    " or _code_defect = 'code_division_wrong'",
    more_defects=("case when capital_is_nan then 'capital_nan' end",),
    is_landable="not capital_is_nan",
)

_EVENT = f"""
create or replace table source.enterprise_register__status_event as
select
    '37E' || row_number_text(organisation_id * 16 + place, 1234567891, 5) as event_no,
    {_ENTERPRISE_NO.format("organisation_id")} as enterprise_no,
    event_type_code,
    event_date,
    description,
    day_time(event_date, organisation_id * 16 + place, 'event') as updated_at,
from organisation_event
where event_date <= getvariable('now')
"""

# A head outside the city has no number here; an old branch names its head by an old number or name.
_BRANCH = f"""
create or replace table source.enterprise_register__branch as
with draft as (
    select
        branch.organisation_id as _row,
        branch.established_date as opened_date,
        head.*,
        chance(_row, 'head by name', 40000) as is_by_name,
        chance(_row, 'head by old number', 150000) and head.registration_number is not null
            as is_by_old_number,
        chance(_row, 'head code typo', 3000) as is_mistyped,
    from organisation as branch
    inner join organisation as head on branch.head_organisation_id = head.organisation_id
    where branch.kind = 'branch'
)
select
    {_ENTERPRISE_NO.format("_row")} as branch_no,
    case when kind = 'enterprise' and not is_by_name and not chance(_row, 'no head number', 100000)
        then {_ENTERPRISE_NO.format("organisation_id")} end as head_enterprise_no,
    case
        when is_by_name or is_by_old_number then null
        when is_mistyped then mistyped_code(_row, 'branch', uscc)
        else uscc
    end as head_uscc,
    case when is_by_old_number then registration_number end as head_registration_number,
    organisation_name_variant(_row, 'branch', in_time(
        opened_date, name_date_1, name_date_2, name_a, name_b, name_c
    )) as head_name,
    day_time(greatest(opened_date, date '2015-01-01'), _row, 'branch') as updated_at,
    _row as _organisation_id,
    concat_ws(
        ',',
        case when is_by_name then 'code_missing' when is_by_old_number then 'old_code'
            when is_mistyped then 'code_digit_typo' end,
        case when head_name <> name then 'name_old' end
    ) as _defects,
    true as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""

_SHAREHOLDER = f"""
create or replace table source.enterprise_register__shareholder as
with draft as (
    select
        shareholder.*,
        officer.name as person_name,
        officer.number,
        officer.other_number,
        owner.name as owner_name,
        owner.uscc as owner_uscc,
        owner.registration_number as owner_registration_number,
        owner.established_date as owner_since,
        number_defect(_row, 'shareholder', officer.number, officer.other_number,
            officer.number_kind, officer.birth_date, 8000) as _number_defect,
        number_text_defect(_row, 'shareholder', officer.number) as _text_defect,
        variant_name(_row, 'shareholder', officer.name) as written_name,
        code_defect(_row, 'shareholder', owner.uscc, owner.established_date, 120000, 20000, 3000)
            as code_defect,
    from shareholder
    left join officer on shareholder.person_id = officer.person_id
    left join organisation as owner
        on shareholder.holder_organisation_id = owner.organisation_id
    where shareholder.established_date <= getvariable('now')
)
select
    '37I' || row_number_text(_row, 3456789019, 71) as shareholder_no,
    {_ENTERPRISE_NO.format("organisation_id")} as enterprise_no,
    coalesce(written_name, owner_name) as shareholder_name,
    case when person_id is null then '2' else '1' end as shareholder_kind_code,
    case
        when person_id is not null then '10'
        when code_defect = 'old_code' then '21'
        else '20'
    end as shareholder_code_type,
    case
        when person_id is not null then damaged_text(
            damaged_number(_row, 'shareholder', number, other_number, _number_defect), _text_defect
        )
        when code_defect = 'old_code' then owner_registration_number
        else written_credit_code(_row, 'shareholder', owner_uscc, code_defect)
    end as shareholder_code,
    contributed_wan_cny,
    percent as contribution_percent,
    contributed_date,
    day_time(
        case
            when established_date > getvariable('today') then established_date
            else least(greatest(contributed_date, date '2014-03-01'), getvariable('today'))
        end,
        _row,
        'shareholder'
    ) as updated_at,
    person_id as _person_id,
    holder_organisation_id as _organisation_id,
    concat_ws(
        ',',
        case when person_id is null then nullif(code_defect, 'codes_disagree')
            else _number_defect end,
        _text_defect,
        case when written_name <> person_name then 'name_variant' end,
        case when is_wrong_sum and shareholders > 1 then 'percent_not_100' end
    ) as _defects,
    case
        when person_id is not null
            then coalesce(_number_defect = 'number_15_digits', true) and number is not null
        when code_defect = 'old_code' then owner_registration_number is not null
        else coalesce(code_defect = 'codes_disagree', true)
    end as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""

_CHANGE = f"""
create or replace table source.enterprise_register__change as
select
    '37A' || row_number_text(organisation_id * 8 + place, 4567890123, 33) as change_no,
    {_ENTERPRISE_NO.format("organisation_id")} as enterprise_no,
    item_code,
    value_before,
    value_after,
    changed_date,
    day_time(changed_date, organisation_id * 8 + place, 'change') as updated_at,
from organisation_change
semi join (from organisation where is_market_entity) as market using (organisation_id)
"""

# The predecessor is named as it was known then: many have an old number alone.
_SUCCESSION = f"""
create or replace table source.enterprise_register__succession as
with draft as (
    select
        succession.predecessor_id * 2 + (kind_code = '3')::bigint as _row,
        succession.predecessor_id,
        succession.successor_id,
        succession.kind_code,
        succession.succeeded_date,
        old.uscc as old_uscc,
        coalesce(old.registration_number, old.former_registration_number) as old_number,
        old.name as old_name,
        new.uscc as new_uscc,
        new.name_a as new_name,
        chance(succession.predecessor_id, 'old number unknown', 60000) as is_by_name,
        chance(succession.predecessor_id, 'numbered', 700000) as is_numbered,
    from succession
    inner join organisation as old on succession.predecessor_id = old.organisation_id
    inner join organisation as new on succession.successor_id = new.organisation_id
    where new.uscc is not null
)
select
    '37S' || row_number_text(_row, 5678901239, 9) as succession_no,
    kind_code as succession_kind_code,
    case when is_numbered and not is_by_name
        then {_ENTERPRISE_NO.format("predecessor_id")} end as predecessor_enterprise_no,
    case when not is_by_name then old_number end as predecessor_registration_number,
    case when not is_by_name and succeeded_date > date '2016-06-30' then old_uscc end
        as predecessor_uscc,
    old_name as predecessor_name,
    new_uscc as successor_uscc,
    new_name as successor_name,
    succeeded_date,
    day_time(succeeded_date, _row, 'succession') as updated_at,
    predecessor_id as _predecessor_organisation_id,
    successor_id as _successor_organisation_id,
    case when is_by_name then 'code_missing' else '' end as _predecessor_defects,
    '' as _successor_defects,
    coalesce(length(predecessor_registration_number) = 15, false)
        or predecessor_uscc is not null as _predecessor_has_valid_number,
    true as _successor_has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""
