"""What each person is after his events: the values of ``person`` and those that took their place.

Creates the temporary tables ``person_change`` (one row per person anything happened to) and
``person_life`` (one row per person who exists, new-born ones included, with both). Add a value here
when an event can change it. Keep out: the events themselves (``life_events.py``,
``alterations.py``) and who knows of them (``known.py``).
"""

import duckdb


def follow_people(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``person_change`` and ``person_life``. Needs the events and ``person_card``.

    A value ``x_after`` with its date is what holds from that day on; ``number_otherwise`` and
    ``name_otherwise`` go with ``paper_on``.
    """
    connection.execute(_PERSON_CHANGE)
    connection.execute(_PERSON_LIFE)


_PERSON_CHANGE = """
create or replace temp table person_change as
with paper as (
    select
        person_id,
        max(altered_date) filter (where reason_code <> '0') as number_date,
        max(otherwise) filter (where reason_code <> '0') as number_otherwise,
        max(altered_date) filter (where reason_code = '0') as name_date,
        max(otherwise) filter (where reason_code = '0') as name_otherwise,
    from alteration
    group by person_id
),
resolved as (
    select unnest([first_person_id, second_person_id]) as person_id, altered_date as shared_until
    from alteration
    inner join number_shared on alteration.person_id = number_shared.second_person_id
    where reason_code = '1'
),
member as (
    select person_id, household_id, relation_code, null::date as born_date from person
    union all
    select person_id, household_id, relation_code, birth_date from newborn
),
moved as (
    select
        member.person_id,
        household_move.event_date as address_date,
        member.household_id as household_after,
        county_after,
        address_after,
        member.relation_code as relation_after,
        case when is_registered_move then county_after else registered_county_before end
            as registered_county_after,
        case when is_registered_move then address_after else registered_address_before end
            as registered_address_after,
        registered_county_before is not null and not is_registered_move as is_away_after,
    from household_move
    inner join member on household_move.household_id = member.household_id
    where member.born_date is null or household_move.event_date > member.born_date
),
wed as (
    select
        wife_id as person_id,
        event_date as address_date,
        new_couple.household_id as household_after,
        county_now as county_after,
        address_now as address_after,
        '10' as relation_after,
        registered_county as registered_county_after,
        registered_address as registered_address_after,
        is_away as is_away_after,
        couple_id as couple_after,
        event_date as marital_date,
        '20' as marital_status_after,
    from new_couple
    inner join household on new_couple.household_id = household.household_id
),
change as (
    from paper
    union all by name
    from resolved
    union all by name
    from moved
    union all by name
    from wed
    union all by name
    select
        husband_id as person_id,
        couple_id as couple_after,
        event_date as marital_date,
        '20' as marital_status_after,
    from new_couple
    union all by name
    select
        unnest([husband_id, wife_id]) as person_id,
        event_date as marital_date,
        '40' as marital_status_after,
    from divorce
    union all by name
    select person_id, event_date as death_after from death
    union all by name
    select person_id, event_date as left_after from leaving
    union all by name
    select person_id, event_date as phone_date, phone_after from phone_change
),
gathered as (
    select person_id, max(columns(* exclude (person_id)))
    from change
    group by person_id
)
select
    *,
    least(
        case when number_date > getvariable('today') then number_date end,
        case when name_date > getvariable('today') then name_date end,
        address_date,
        marital_date,
        death_after,
        left_after,
        phone_date
    ) as first_change_date,
from gathered
"""

_PERSON_LIFE = """
create or replace temp table person_life as
with everybody as (
    select person.*, null::date as born_date from person
    union all by name
    select newborn.*, newborn.birth_date as born_date from newborn
),
placed as (
    select
        everybody.*,
        household.* exclude (household_id, is_migrant),
        household_move.event_date,
        household_move.county_after as move_county,
        household_move.address_after as move_address,
        is_registered_move,
        coalesce(household_move.event_date <= everybody.born_date, false) as is_born_moved,
    from everybody
    inner join household on everybody.household_id = household.household_id
    left join household_move
        on everybody.born_date is not null
        and everybody.household_id = household_move.household_id
)
select
    placed.* exclude (
        county_now, address_now, county_before, address_before, moved_date,
        registered_county, registered_address, is_away,
        event_date, move_county, move_address, is_registered_move, is_born_moved
    ),
    -- a child born after its household's move knows nothing of the address before
    case when is_born_moved then move_county else county_now end as county_now,
    case when is_born_moved then move_address else address_now end as address_now,
    case when is_born_moved then county_now else county_before end as county_before,
    case when is_born_moved then address_now else address_before end as address_before,
    case when is_born_moved then event_date else moved_date end as moved_date,
    case when is_born_moved and is_registered_move then move_county
        else registered_county end as registered_county,
    case when is_born_moved and is_registered_move then move_address
        else registered_address end as registered_address,
    case when is_born_moved then not is_migrant and not is_registered_move else is_away end
        as is_away,
    mixed_up.other_number,
    person_card.number as second_number,
    person_card.number_kind as second_number_kind,
    person_change.* exclude (person_id),
from placed
left join mixed_up on placed.person_id = mixed_up.mixed_up_id
left join person_card on placed.person_id = person_card.person_id and person_card.card_no = 1
left join person_change on placed.person_id = person_change.person_id
"""
