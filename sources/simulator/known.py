"""What a department knows about people: the table macro ``known_person(purpose, lag)``.

Creates the temporary table ``person_life`` (one row per person who exists, with everything that is
true about him before and after his last change) and the macro over it. Every table that speaks of
people reads the macro: that is how a change reaches each system in its own time and rows that no
change touches stay as they are. Add attributes of people and states of knowledge here. Keep out:
what happens (``life_events.py``) and how a clerk damages what he writes (``defects.py``).
"""

import duckdb


def install_known_person(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``person_life`` and define ``known_person``. Needs people and their events.

    ``known_person('insured', 30)`` gives one row per person as a system knows him that hears of a
    change 0 to 30 days late, per person by hash of the purpose; some changes it never hears of.
    A lag of 0 is the truth of the day. Columns besides the plain ones:

    * ``age_days`` on the base day, negative for those born after it;
    * ``changed_date`` day of the last change after the base day this system has heard of;
    * ``number_state`` ``number_shared`` or ``number_former``, ``name_state`` ``name_former``,
      ``phone_state`` ``phone_changed``, ``address_state`` ``address_stale``: defects that follow
      from what the system has not heard of, else null;
    * ``other_number`` the number of somebody else, for people whose papers are mixed up;
    * ``is_migrant`` registered elsewhere in China, at ``origin_division_code``;
    * ``left_date`` the day he moved out of the city, null until known.
    """
    connection.execute(_PERSON_LIFE)
    connection.execute(_KNOWN_PERSON)


_PERSON_LIFE = """
create or replace temp table person_life as
select
    person.*,
    mixed_up.other_number,
    household.county_now,
    household.address_now,
    household.county_before,
    household.address_before,
    household.moved_date,
    household.registered_county,
    household.registered_address,
    household.is_away,
from person
inner join household on person.household_id = household.household_id
left join mixed_up on person.person_id = mixed_up.mixed_up_id
"""

_KNOWN_PERSON = """
create or replace temp macro known_person(purpose, lag) as table
select
    person_id,
    household_id,
    couple_id,
    kind,
    role,
    relation_code,
    number_kind,
    number,
    name,
    null::varchar as former_name,
    sex_code,
    birth_date,
    age_days,
    ethnicity_code,
    phone,
    education_code,
    marital_status_at_life as marital_status_code,
    county_now,
    address_now,
    county_before,
    address_before,
    moved_date,
    registered_county,
    registered_address,
    is_away,
    death_date,
    is_registered,
    is_second_twin,
    false as is_migrant,
    null::varchar as origin_division_code,
    null::date as left_date,
    other_number,
    null::varchar as number_state,
    null::varchar as name_state,
    null::varchar as phone_state,
    null::varchar as address_state,
    null::date as changed_date,
from person_life
where purpose is not null and lag is not null
"""
