"""Corrections of numbers and changes of names, before the base day and after it.

Creates the temporary table ``alteration``: one row per person whose number or name was altered,
at most one of each, and the macros that say what a person was called on a day. Add reasons here.
Keep out: what the police wrote about it (``records_police_changes.py``).

Reasons: 0 change of name; 1 重号, the second of two people with one number gets a new one; 2 错号,
the day of birth in the number was wrong; 3 other. 300 people per million had their number corrected
and 2,000 their name changed in the eight years before the base day.
"""

import duckdb

from sources.simulator.vocabulary import compound_surnames

_PAST_NUMBERS = 300
_PAST_NAMES = 2000
_PAST_DAYS = 2900
# Per million and day; of pairs with one number one in fifty is found out each day.
_NUMBERS = 20
_SHARED = 20_000
_NAMES = 20


def alter_papers(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``alteration`` (person_id, altered_date, reason_code, former, latter) and the macros.

    ``person.number`` and ``person.name`` are those of the base day: the latter of an alteration
    before it, the former of one after it. ``paper_on(written, otherwise, altered_date, day)`` gives
    what was right on a day, where ``otherwise`` is the value ``person`` does not hold;
    ``paper_state(…, defect)`` is the defect when something else is right now.
    """
    connection.execute(_ALTERED)
    connection.execute(_ALTERATION.format(compound_surnames=compound_surnames()))
    connection.execute(
        """
        create or replace temp macro paper_on(written, otherwise, altered_date, day) as case
            when altered_date is null then written
            when (altered_date <= getvariable('today')) = (day >= altered_date) then written
            else otherwise
        end
        """
    )
    connection.execute(
        """
        create or replace temp macro paper_state(written, otherwise, altered_date, day, defect) as
            case
                when paper_on(written, otherwise, altered_date, day)
                    <> paper_on(written, otherwise, altered_date, getvariable('now')) then defect
            end
        """
    )


_ALTERED = f"""
create or replace temp table altered as
with drawn as (
    select
        person.person_id,
        person.stem,
        person.number,
        person.name,
        person.sex_code,
        person.birth_date,
        coalesce(person.death_date, death.event_date, date '9999-01-01') as last_date,
        person.number_kind = 'resident_number' and person.is_registered
            and not person.has_shared_number as has_own_number,
        not person.number_kind like 'permanent%' as has_chinese_name,
        person.age_days,
        chance(person.person_id, 'number corrected', {_PAST_NUMBERS}) as is_corrected,
        chance(person.person_id, 'name changed', {_PAST_NAMES}) as is_renamed,
        number_shared.pair_no is not null as is_second,
    from person
    left join death on person.person_id = death.person_id
    left join number_shared
        on person.person_id = number_shared.second_person_id and not number_shared.is_hidden
),
number as (
    select
        *,
        case
            when is_second then event_date(person_id, 'shared number found', {_SHARED})
            when has_own_number and is_corrected and age_days > 3650
                then getvariable('today') - 1
                    - below(person_id, 'corrected', {_PAST_DAYS})::integer
            when has_own_number then event_date(person_id, 'number to be corrected', {_NUMBERS})
        end as altered_date,
        case
            when is_second then '1'
            when is_corrected and chance(person_id, 'wrong day', 600000) then '2'
            else '3'
        end as reason_code,
    from drawn
),
name as (
    select
        *,
        case
            when has_chinese_name and is_renamed and age_days > 3650
                then getvariable('today') - 1 - below(person_id, 'renamed', {_PAST_DAYS})::integer
            when has_chinese_name then event_date(person_id, 'name to be changed', {_NAMES})
        end as altered_date,
        '0' as reason_code,
    from drawn
)
select * from number where altered_date < last_date
union all
select * from name where altered_date < last_date
"""

# The other number takes the last places of its day's sequence, which births do not reach; the
# order of dates only appends, so a later day gives nobody another number.
_ALTERATION = """
create or replace temp table alteration as
with dated as (
    select
        *,
        stem // 100000000000 as area,
        case
            when reason_code = '2'
                then birth_date - 1 - below(person_id, 'wrong day of birth', 27)::integer
            else birth_date
        end as other_birth,
    from altered
),
sequenced as (
    select
        *,
        (area * 100000000 + birth_digits(other_birth)) * 1000
        + 2 * (
            (
                below(area * 100000 + (other_birth - date '1900-01-01'), 'sequence', 400)
                + 500
                - row_number() over (
                    partition by area, other_birth, sex_code, reason_code = '0'
                    order by altered_date, person_id
                )
            ) % 500
        )
        + (sex_code = '1')::bigint as other_stem,
        given_name_at(
            given_name_rank(-1 - person_id),
            (sex_code = '2')::bigint,
            (birth_date >= date '1980-01-01')::bigint
        ) as other_given_name,
        substr(
            name,
            1,
            case when substr(name, 1, 2) in {compound_surnames} then 2 else 1 end
        ) as surname,
    from dated
),
valued as (
    select
        person_id,
        altered_date,
        reason_code,
        case reason_code when '0' then name else number end as written,
        case
            when reason_code <> '0' then resident_number(other_stem)
            when surname || other_given_name = name then surname || '安'
            else surname || other_given_name
        end as otherwise,
    from sequenced
)
select
    person_id,
    altered_date,
    reason_code,
    written,
    otherwise,
    case when altered_date <= getvariable('today') then otherwise else written end as former,
    case when altered_date <= getvariable('today') then written else otherwise end as latter,
from valued
"""
