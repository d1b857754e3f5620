"""What happens to people after the base day: births, deaths, moves, marriages, changes of papers.

Creates the temporary tables ``life_event`` (one row per event and person), ``newborn`` (new rows
of people), ``new_couple``, ``divorce``, ``household_move``, ``leaving``, ``death`` and
``phone_change``. Add kinds of events here. Keep out: what a person is afterwards
(``person_changes.py``), corrections of numbers and names (``alterations.py``), and when a
department hears of it (``known.py``).

An event's day is drawn per entity from a geometric law, so it does not depend on how many days have
passed: what has happened after 3 days and 2 more has happened after 5. For the same reason an event
may be prevented by an earlier one, never by a later one. New people get their ids in
order of birth, which only appends.

Hazards per day are those of a lively Chinese city: 7 deaths, 9 births, 6 marriages and 2.5 divorces
per 1,000 residents a year, one household in nine moves, one phone in seven changes.
"""

import duckdb

from sources.simulator.alterations import alter_papers
from sources.simulator.births import DELIVERY, NEWBORN
from sources.simulator.families import Block
from sources.simulator.plan import CityPlan

# Per million and day: of entities that can have the event.
_MOVE = 300
_LEAVE = 800
_MARRY = 3200
_DIVORCE = 60
_PHONE = 400


def live_on(connection: duckdb.DuckDBPyConnection, plan: CityPlan, block: Block) -> None:
    """Create the events of the elapsed days. Needs the people of the base day."""
    install_event_days(connection)
    sizes = {
        "people": block.people,
        "households": block.households,
        "couples": block.couples,
        "residents": plan.residents,
        "base_couples": -(-plan.residents // block.people) * block.couples,
    }
    for statement in (
        _DEATH,
        _HOUSEHOLD_MOVE,
        _LEAVING,
        _NEW_COUPLE,
        _DIVORCED,
        DELIVERY,
        NEWBORN,
        _PHONE_CHANGE,
    ):
        connection.execute(statement.format(**sizes))
    alter_papers(connection)
    connection.execute(_LIFE_EVENT)


def install_event_days(connection: duckdb.DuckDBPyConnection) -> None:
    """``event_date(i, purpose, per_million)``: the day of an event of a daily hazard, null when it
    lies after now. The logarithm is taken only of the few that have the event.
    """
    connection.execute(
        """
        create or replace temp macro event_date(i, purpose, per_million) as case
            when unit(i, purpose) < 1 - pow(
                1 - per_million / 1000000,
                getvariable('now') - getvariable('today')
            )
            then least(
                getvariable('now'),
                getvariable('today') + 1 + floor(
                    ln(1 - unit(i, purpose)) / ln(1 - per_million / 1000000)
                )::integer
            )
        end
        """
    )


_DEATH = """
create or replace temp table death as
with drawn as (
    select
        person_id,
        event_date(person_id, 'dies', case
            when age_days < 14600 then 1.7
            when age_days < 21900 then 8.7
            when age_days < 25550 then 32
            when age_days < 29200 then 76
            when age_days < 32850 then 186
            else 412
        end) as event_date,
    from person
    where death_date is null
)
select * from drawn where event_date is not null
"""

_HOUSEHOLD_MOVE = f"""
create or replace temp table household_move as
with drawn as (
    select
        *,
        event_date(household_id, 'moves', {_MOVE}) as event_date,
        case
            when chance(household_id, 'next far move', 300000)
                then pick_county_slot(household_id, 'county after')
            else county_now
        end as county_after,
    from household
    -- those who live alone and may marry move by marrying
    where household_id % {{households}} not in (
        select household_no from seat where kind = 'young_single'
    )
)
select
    household_id,
    event_date,
    county_after,
    address_of(county_after, household_id, 'address after') as address_after,
    not is_migrant and not chance(household_id, 'next move without papers', 100000)
        as is_registered_move,
    registered_county as registered_county_before,
    registered_address as registered_address_before,
from drawn
where event_date is not null
"""

_LEAVING = f"""
create or replace temp table leaving as
with drawn as (
    select person_id, event_date(person_id, 'leaves the city', {_LEAVE}) as event_date
    from person
    where kind = 'adult_child' and role = 'child_1' and death_date is null and is_registered
)
select
    drawn.person_id,
    drawn.event_date,
    pick_code_elsewhere(drawn.person_id, 'leaves for') as to_division_code,
from drawn
left join death on drawn.person_id = death.person_id
where drawn.event_date is not null
    and (death.event_date is null or death.event_date > drawn.event_date)
"""

_NEW_COUPLE = f"""
create or replace temp table new_couple as
with place as (
    select min(seat) as one_seat, min(seat) + 1 as other_seat
    from seat
    where kind = 'young_single'
),
pair as (
    select
        block_no,
        event_date(block_no, 'wedding', {_MARRY}) as event_date,
        block_no * {{people}} + one_seat as one_id,
        block_no * {{people}} + other_seat as other_id,
    from range({{residents}} // {{people}}) as blocks(block_no), place
),
wed as (
    select
        pair.block_no,
        pair.event_date,
        case when one.sex_code = '1' then one else other end as husband,
        case when one.sex_code = '1' then other else one end as wife,
    from pair
    inner join person as one on pair.one_id = one.person_id
    inner join person as other on pair.other_id = other.person_id
    left join death as death_one on pair.one_id = death_one.person_id
    left join death as death_other on pair.other_id = death_other.person_id
    where pair.event_date is not null
        and one.sex_code <> other.sex_code
        and one.marital_status_at_life = '10'
        and other.marital_status_at_life = '10'
        and one.death_date is null
        and other.death_date is null
        and (death_one.event_date is null or death_one.event_date > pair.event_date)
        and (death_other.event_date is null or death_other.event_date > pair.event_date)
        and not one.has_shared_number
        and not other.has_shared_number
)
select
    {{base_couples}} + block_no as couple_id,
    husband.person_id as husband_id,
    wife.person_id as wife_id,
    husband.household_id as household_id,
    wife.household_id as wife_household_id,
    event_date,
from wed
where husband.age_days > 22 * 365.25 and wife.age_days > 20 * 365.25
"""

_DIVORCED = f"""
create or replace temp table divorce as
with drawn as (
    select couple_id, husband_id, wife_id, event_date(couple_id, 'divorces', {_DIVORCE})
        as event_date
    from couple
    where kind in ('couple', 'one_child', 'two_children')
        and divorce_date is null
        and husband_id is not null
        and wife_id is not null
)
select drawn.*
from drawn
inner join person as husband on drawn.husband_id = husband.person_id
inner join person as wife on drawn.wife_id = wife.person_id
left join death as death_one on drawn.husband_id = death_one.person_id
left join death as death_other on drawn.wife_id = death_other.person_id
where drawn.event_date is not null
    and husband.death_date is null
    and wife.death_date is null
    and (death_one.event_date is null or death_one.event_date > drawn.event_date)
    and (death_other.event_date is null or death_other.event_date > drawn.event_date)
"""

_PHONE_CHANGE = f"""
create or replace temp table phone_change as
with drawn as (
    select person_id, phone, event_date(person_id, 'new phone', {_PHONE}) as event_date
    from person
    where phone is not null and death_date is null
)
select
    drawn.person_id,
    drawn.event_date,
    substr(phone, 1, 3) || lpad(below(drawn.person_id, 'phone after', 100000000)::varchar, 8, '0')
        as phone_after,
from drawn
left join death on drawn.person_id = death.person_id
where drawn.event_date is not null
    and (death.event_date is null or death.event_date > drawn.event_date)
"""

_LIFE_EVENT = """
create or replace temp table life_event as
with event as (
    select 'birth' as event_code, birth_date as event_date, person_id from newborn
    union all
    select 'death', event_date, person_id from death
    union all
    select 'move', household_move.event_date, person.person_id
    from household_move
    inner join person on household_move.household_id = person.household_id
    left join death on person.person_id = death.person_id
    where person.death_date is null
        and (death.event_date is null or death.event_date > household_move.event_date)
    union all
    select 'leave', event_date, person_id from leaving
    union all
    select 'marriage', event_date, husband_id from new_couple
    union all
    select 'marriage', event_date, wife_id from new_couple
    union all
    select 'divorce', event_date, husband_id from divorce
    union all
    select 'divorce', event_date, wife_id from divorce
    union all
    select 'phone_change', event_date, person_id from phone_change
    union all
    select
        case reason_code when '0' then 'name_change' else 'number_correction' end,
        altered_date,
        person_id
    from alteration
    where altered_date > getvariable('today')
)
select * from event
"""
