"""What a department knows about people: the table macro ``known_person(purpose, lag)``.

Every table that speaks of people reads the macro: that is how a change reaches each system in its
own time, and how rows that no change touches stay as they are. Add attributes of people and states
of knowledge here. Keep out: what happens (``life_events.py``), what people are afterwards
(``person_changes.py``) and how a clerk damages what he writes (``defects.py``).
"""

import duckdb

# A source that hears of changes late never hears of one in ten before the next contact.
_DEAF = 100_000
# It still holds three in ten numbers and names that were altered before the base day.
_OLD_PAPERS = 300_000
_NEVER = 1_000_000

# The state of a record's number, unless it is damaged otherwise; needs ``_number_defect``.
NUMBER_STATE = (
    "case when coalesce(_number_defect, 'number_15_digits') = 'number_15_digits'"
    " then number_state end"
)
# The same for its telephone; needs ``_phone_defect``.
PHONE_STATE = "case when _phone_defect is null then phone_state end"


def install_known_person(connection: duckdb.DuckDBPyConnection) -> None:
    """Define ``known_person``. Needs ``person_life``.

    ``known_person('insured', 30)`` gives one row per person as a system knows him that hears of a
    change 0 to 30 days late, per person by hash of the purpose; of one in ten it never hears.
    A lag of 0 is the truth of the day. Columns besides the plain ones:

    * ``age_days`` on the base day, negative for those born after it;
    * ``changed_date`` day this system wrote the last change after the base day down, else null;
      ``papers_date`` the same for number, name, marriage and birth alone;
    * ``registered_moved_date`` last move that was registered with the police;
    * ``number_state`` ``number_shared`` or ``number_former``, ``name_state`` ``name_former``,
      ``phone_state`` ``phone_changed``, ``address_state`` ``address_stale``: defects that follow
      from what the system has not heard of, else null. ``number_state`` counts only for a number
      that is not damaged otherwise (``NUMBER_STATE``), ``phone_state`` likewise (``PHONE_STATE``);
    * ``number``, ``number_kind``: of people with two cards the one this system knows;
    * ``former_name`` the name before the change this system has heard of, else null;
    * ``other_number`` the number of somebody else, for people whose papers are mixed up;
    * ``has_shared_number`` is or was one of two people with one number;
    * ``is_migrant`` registered elsewhere in China, at ``origin_division_code``;
    * ``registered_county``, ``registered_address`` null for people no register of the city holds;
    * ``death_date`` and ``left_date`` (moved out of the city): null until known.

    ``dead_person(days)`` gives the people whose death lies at least so many days back, with number,
    name and ``number_state`` of the day they died: what was written of it is not written again.
    """
    connection.execute(_KNOWN_PERSON)
    connection.execute(_DEAD_PERSON)


_KNOWN_PERSON = f"""
create or replace temp macro known_person(purpose, lag) as table
with paced as (
    select
        *,
        case
            when (first_change_date is null and born_date is null) or lag = 0 then 0
            when chance(person_id, purpose || '/deaf', {_DEAF}) then {_NEVER}
            else below(person_id, purpose || '/delay', lag + 1)::integer
        end as delay,
        case
            when number_date is null and name_date is null then true
            else lag = 0 or not chance(person_id, purpose || '/old papers', {_OLD_PAPERS})
        end as has_new_papers,
        case
            when second_number is null or purpose = 'file' then false
            when purpose = 'insured' then true
            else lag > 0 and chance(person_id, purpose || '/card', 500000)
        end as knows_second_card,
    from person_life
),
heard as (
    select
        *,
        address_date + delay <= getvariable('now') as knows_move,
        marital_date + delay <= getvariable('now') as knows_wedding,
        phone_date + delay <= getvariable('now') as knows_phone,
        case
            when number_date <= getvariable('today') then has_new_papers
            else number_date + delay <= getvariable('now')
        end as knows_number,
        case
            when name_date <= getvariable('today') then has_new_papers
            else name_date + delay <= getvariable('now')
        end as knows_name,
    from paced
    where born_date is null or born_date + delay <= getvariable('now')
)
select
    person_id,
    case when knows_move then household_after else household_id end as household_id,
    case when knows_wedding and couple_after is not null then couple_after else couple_id end
        as couple_id,
    kind,
    role,
    case when knows_move then relation_after else relation_code end as relation_code,
    case when knows_second_card then second_number_kind else number_kind end as number_kind,
    case
        when knows_second_card then second_number
        when knows_number is null or knows_number = (number_date <= getvariable('today'))
            then number
        else number_otherwise
    end as number,
    case
        when knows_name is null or knows_name = (name_date <= getvariable('today')) then name
        else name_otherwise
    end as name,
    case
        when not knows_name then null
        when name_date <= getvariable('today') then name_otherwise
        when name_date is not null then name
    end as former_name,
    sex_code,
    birth_date,
    age_days,
    ethnicity_code,
    case when knows_phone then phone_after else phone end as phone,
    education_code,
    case when knows_wedding then marital_status_after else marital_status_at_life end
        as marital_status_code,
    case when knows_move then county_after else county_now end as county_now,
    case when knows_move then address_after else address_now end as address_now,
    case when knows_move then county_now else county_before end as county_before,
    case when knows_move then address_now else address_before end as address_before,
    case when knows_move then address_date else moved_date end as moved_date,
    case
        when knows_move and not is_away_after then address_date
        when not is_away then moved_date
    end as registered_moved_date,
    case when knows_move then registered_county_after else registered_county end
        as registered_county,
    case when knows_move then registered_address_after else registered_address end
        as registered_address,
    case when knows_move then is_away_after else is_away end as is_away,
    coalesce(
        death_date,
        case when death_after + delay <= getvariable('now') then death_after end
    ) as death_date,
    is_registered,
    is_migrant,
    origin_division_code,
    case when left_after + delay <= getvariable('now') then left_after end as left_date,
    has_shared_number,
    is_second_twin,
    other_number,
    case
        when not knows_number then 'number_former'
        when has_shared_number and coalesce(shared_until > getvariable('now'), true)
            then 'number_shared'
    end as number_state,
    case when not knows_name then 'name_former' end as name_state,
    case when not knows_phone then 'phone_changed' end as phone_state,
    case when not knows_move then 'address_stale' end as address_state,
    case
        when first_change_date is null and born_date is null then null
        else greatest(
            case when knows_move then address_date + delay end,
            case when knows_wedding then marital_date + delay end,
            case when knows_phone then phone_date + delay end,
            case when knows_number and number_date > getvariable('today')
                then number_date + delay end,
            case when knows_name and name_date > getvariable('today') then name_date + delay end,
            case when death_after + delay <= getvariable('now') then death_after + delay end,
            case when left_after + delay <= getvariable('now') then left_after + delay end,
            born_date + delay
        )
    end as changed_date,
    case
        when first_change_date is null and born_date is null then null
        else greatest(
            case when knows_wedding then marital_date + delay end,
            case when knows_number and number_date > getvariable('today')
                then number_date + delay end,
            case when knows_name and name_date > getvariable('today') then name_date + delay end,
            born_date + delay
        )
    end as papers_date,
from heard
"""

_DEAD_PERSON = """
create or replace temp macro dead_person(days) as table
with dead as (
    select *, coalesce(death_date, death_after) as died
    from person_life
    where coalesce(death_date, death_after) + days <= getvariable('now')
)
select
    * exclude (death_date, number, name),
    died as death_date,
    paper_on(number, number_otherwise, number_date, died) as number,
    paper_on(name, name_otherwise, name_date, died) as name,
    coalesce(
        paper_state(number, number_otherwise, number_date, died, 'number_former'),
        case when has_shared_number and coalesce(shared_until > getvariable('now'), true)
            then 'number_shared' end
    ) as number_state,
from dead
"""
