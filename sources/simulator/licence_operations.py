"""The log of operations on licences: what the issuing systems say they did, and when.

Creates ``source.e_licence__operation`` of all systems. Every version on file begins with an
operation (新发, 转入, 延续 or 变更), ends with the one that its state follows from, and may have
some in between. Add stories to ``STORIES``. Keep out: which licence has which story and state
(``licences.py``).

Operations of a ministry's list: 01 新发 02 延续 03 暂扣 04 过期失效 05 注销 06 暂扣发还 07 其他
08 转入 09 变更 10 取消转出. Impossible stories are named as the truth names the defect.
"""

import duckdb

from sources.simulator.mixer import insert_rows

# Story -> operations after the first: code, when between issue (0) and the end of the story (1) or
# days before issue (negative), reason.
STORIES: dict[str, tuple[tuple[str, float, str], ...]] = {
    "suspended and returned": (("03", 0.3, "涉嫌违法暂扣"), ("06", 0.6, "整改合格发还")),
    "transfer withdrawn": (("07", 0.4, "办理转出"), ("10", 0.7, "取消转出")),
    "operation_after_cancellation": (("05", 0.4, "申请注销"), ("09", 0.8, "信息变更")),
    "renewal_of_cancelled": (("05", 0.4, "申请注销"), ("02", 0.8, "到期延续")),
    "release_without_suspension": (("06", 0.5, "整改合格发还"),),
    "issued_twice": (("01", 0.5, "首次申领"),),
    "operation_before_issue": (("03", -20, "涉嫌违法暂扣"), ("06", 0.3, "整改合格发还")),
}


def log_operations(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the operations. Needs the licences."""
    connection.execute(
        "create or replace temp table story_step (story varchar, step integer, code varchar,"
        " share double, reason varchar)"
    )
    insert_rows(connection, "story_step", [
        (story, step, code, repr(share), reason)
        for story, steps in STORIES.items()
        for step, (code, share, reason) in enumerate(steps)
    ])  # fmt: skip
    connection.execute(_OPERATION)


# The end of the span of a story: never later than the base day nor than the next version, so that
# no later event changes it.
_OPERATION = """
create or replace table source.e_licence__operation as
-- read three times: cheaper than kept once
with licence as not materialized (
    select
        *,
        least(getvariable('today'), _state_date, issued_date + _step_days) as story_end,
        case
            when _impossible is not null then _impossible
            when issued_date > getvariable('today') - 90 or stated_early then null
            when chance(_row, 'suspended', 8000) then 'suspended and returned'
            when chance(_row, 'transfer', 2000) then 'transfer withdrawn'
        end as story,
    from (
        select
            *,
            _licence_id * 8 + _version - 1 as _row,
            coalesce(_state_date < issued_date + 60, false) as stated_early,
        from source.e_licence__licence
        where _copy = 0 and _log_defect is null
    )
),
first_operation as (
    select
        *,
        0 as step,
        case
            when _version > 1 then case when _is_by_change then '09' else '02' end
            when _is_moved_in then '08'
            else '01'
        end as operation_code,
        issued_date as operated_date,
        case operation_code when '01' then '首次申领' when '02' then '到期延续'
            when '09' then '信息变更' else '外地转入' end as reason,
    from licence
),
last_operation as (
    select
        *,
        7 as step,
        case state_code when '02' then '03' when '04' then '05' when '05' then '04' else '07' end
            as operation_code,
        _state_date as operated_date,
        case state_code when '02' then '涉嫌违法暂扣' when '03' then '撤销许可'
            when '04' then '申请注销' when '05' then '到期失效' when '06' then '办理转出'
            when '07' then '吊销' else '其他' end as reason,
    from licence
    where _state_date is not null
),
story_operation as (
    select
        licence.*,
        1 + story_step.step as step,
        code as operation_code,
        case
            when share < 0 then issued_date + share::integer
            else issued_date
                + greatest(1 + story_step.step, floor(share * (story_end - issued_date)))::integer
        end as operated_date,
        story_step.reason,
    from licence
    inner join story_step on licence.story = story_step.story
),
operation as (
    select * from first_operation
    union all
    select * from last_operation
    union all
    select * from story_operation
),
timed as (
    select
        *,
        -- operations of one day follow one another
        operated_date::timestamp + to_seconds(
            30000 + step * 3600 + below(_row, 'operation clock', 3500)
        ) as operated_at,
    from operation
)
select
    left(record_no, 2) || 'CZ' || substr(record_no, 3) || 'B' || step::varchar as operation_no,
    licence_identifier,
    record_no,
    operation_code,
    operated_at,
    case when step = 0 then previous_identifier end as previous_identifier,
    issuer_name as operator_name,
    reason,
    operated_at as updated_at,
    _system_code,
    _licence_id,
    _version,
    step as _step,
    operated_date as _operated_date,
    -- the operation that cannot have happened, not the lawful one before it
    case when _impossible is not null and step > 0 and step = case _impossible
        when 'release_without_suspension' then 1
        when 'issued_twice' then 1
        when 'operation_before_issue' then 1
        else 2 end then _impossible end as _defects,
from timed
"""
