"""Events of people against the truth: deaths, moves, marriages, each once and on its day.

Needs the temporary table ``key_person`` (``population.py``). Add a figure when the library keeps
another kind of event. Keep out: who is related to whom (``kinship.py``).
"""

import duckdb

from citybase.score.figure import Figure, measure

EVENT_GOAL = 0.995


def score_person_event(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Deaths known and deaths true, moves, marriages.

    * ``death_known``: over the dead of whom a readable record with their valid number tells it.
      Right when one event says so: on the day, if a certificate or a crematorium wrote that; else
      not before it, as the police alone tell when they cancelled somebody.
    * ``death_true``: over the library's deaths of known people. Right when he has died, on that day
      unless only the cancellation is known: a false death is the worst mistake a library makes.
    * ``move``: over the readable records of migrations and of migrants with a valid number. Right
      when the person of the record has the event; within the city on a day of the truth.
    * ``marriage``: over the library's marriages and divorces of two known people. Right when they
      were a couple, married or divorced on that day.
    """
    connection.execute(_PERSON_EVENT)
    return tuple(
        measure(connection, library="population", code=code, goal=EVENT_GOAL, rows=rows)
        for code, rows in (
            ("death_known", _DEATH_KNOWN),
            ("death_true", _DEATH_TRUE),
            ("move", _MOVE),
            ("marriage", _MARRIAGE),
        )
    )


_PERSON_EVENT = """
create or replace temp table known_event as
select
    event.*,
    key_person.person_id,
    other.person_id as other_person_id,
from population.event_person as event
inner join key_person on event.person_key = key_person.person_key
left join key_person as other on event.other_person_key = other.person_key
"""

_DEATH_KNOWN = """
with told as (
    select
        person_id,
        bool_or(table_code in ('death_certificate', 'cremation')) as is_day_told,
    from told_record
    where tells_death and has_valid_number
    group by person_id
),
known as (
    select person_id, min(event_date) as event_date, count(*) as events
    from known_event
    where event_kind_code = '20'
    group by person_id
)
select
    known.events = 1 and case
        when told.is_day_told then known.event_date = person.death_date
        else known.event_date >= person.death_date
    end as is_right,
    'person ' || told.person_id || case
        when known.person_id is null then ': no death'
        when known.events > 1 then ': ' || known.events || ' deaths'
        else ': another day'
    end as example,
from told
inner join city_truth.person as person on told.person_id = person.person_id
left join known on told.person_id = known.person_id
"""

_DEATH_TRUE = """
select
    person.death_date is not null and case event.date_basis_code
        when 'golden' then event.event_date = person.death_date
        else true
    end as is_right,
    'person ' || event.person_id
    || case when person.death_date is null then ': alive' else ': another day' end as example,
from known_event as event
inner join city_truth.person as person on event.person_id = person.person_id
where event.event_kind_code = '20'
"""

_MOVE = """
select
    bool_or(
        event.person_id = record.person_id
        and (event.event_kind_code <> '33' or address.person_id is not null)
    ) as is_right,
    record.table_code || ' ' || left(record.source_key, 4) || '…' || right(record.source_key, 2)
    || case
        when count(event.person_id) = 0 then ': no event'
        when bool_or(event.person_id = record.person_id) then ': another day'
        else ': another person'
    end as example,
from told_record as record
left join known_event as event
    on record.system_code = event.system_code
    and record.table_code = event.table_code
    and record.source_key = event.source_key
left join city_truth.person_address as address
    on event.person_id = address.person_id and event.event_date = address.valid_from
where (record.system_code, record.table_code) in (
        ('household_register', 'migration'), ('migrant_register', 'residence')
    )
    and record.has_valid_number
group by record.table_code, record.source_key, record.person_id
"""

_MARRIAGE = """
with couple as (
    select husband_id as person_id, wife_id as other_person_id, marriage_date, divorce_date
    from city_truth.couple
    union all
    select wife_id, husband_id, marriage_date, divorce_date
    from city_truth.couple
)
select
    coalesce(bool_or(
        case event.event_kind_code when '41' then couple.marriage_date else couple.divorce_date end
        = event.event_date
    ), false) as is_right,
    'registration ' || left(event.source_key, 9) || '…' || right(event.source_key, 2)
    || case
        when count(couple.person_id) = 0 then ': no couple'
        else ': another day'
    end as example,
from known_event as event
left join couple
    on event.person_id = couple.person_id and event.other_person_id = couple.other_person_id
where event.event_kind_code in ('41', '42') and event.other_person_id is not null
group by event.source_key, event.role_code, event.event_kind_code, event.event_date
"""
