"""Families: the seats of a block of households, couples with their dates, households with moves.

Creates the temporary tables ``seat``, ``couple`` and ``household``. Relatives are computed from the
couple they belong to, so no row depends on another row's draw. Add kinds of households here. Keep
out: attributes of one person (``population.py``).
"""

from dataclasses import dataclass

import duckdb

from sources.simulator.mixer import insert_rows
from sources.simulator.plan import CityPlan


@dataclass(frozen=True)
class Block:
    """The sizes of one block; the city is the block repeated until all people are seated."""

    people: int
    households: int
    couples: int


# One block of households, repeated over the city: kind, how many, members as (role, relation code
# of GB/T 4761). ``left`` lives apart from the couple of the household before it.
_KINDS: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...] = (
    ("elder_single", 3, (("single", "02"),)),
    ("elder_couple", 7, (("husband", "02"), ("wife", "10"))),
    ("young_single", 3, (("single", "02"),)),
    ("couple", 3, (("husband", "02"), ("wife", "10"))),
    ("one_child", 5, (("husband", "02"), ("wife", "10"), ("child_1", "20"))),
    ("two_children", 5, (("husband", "02"), ("wife", "10"), ("child_1", "20"), ("child_2", "20"))),
    (
        "three_generations",
        2,
        (
            ("husband", "02"),
            ("wife", "10"),
            ("child_1", "20"),
            ("child_2", "20"),
            ("grandfather", "50"),
            ("grandmother", "50"),
        ),
    ),
    ("adult_child", 1, (("husband", "02"), ("wife", "10"), ("child_1", "20"))),
    ("divorced", 1, (("wife", "02"), ("child_1", "20"), ("left", "02"))),
)
# Age of the wife (or the single person) at today, by tenths of the kind: the quantile map that
# bends a flat draw into the age pyramid.
_AGES: dict[str, tuple[int, ...]] = {
    "elder_single": (60, 64, 67, 69, 71, 74, 77, 80, 84, 88, 99),
    "elder_couple": (52, 54, 56, 58, 60, 62, 65, 68, 72, 77, 92),
    "young_single": (18, 19, 20, 22, 24, 27, 31, 37, 45, 54, 66),
    "couple": (22, 24, 26, 29, 34, 41, 46, 49, 52, 55, 62),
    "one_child": (24, 27, 29, 31, 33, 35, 38, 40, 42, 45, 50),
    "two_children": (26, 30, 32, 33, 35, 36, 38, 39, 41, 44, 48),
    "three_generations": (25, 29, 31, 32, 34, 35, 37, 39, 41, 43, 47),
    "adult_child": (45, 47, 48, 49, 50, 51, 53, 55, 57, 60, 68),
    "divorced": (27, 30, 32, 34, 36, 38, 40, 42, 44, 47, 52),
}


def build_families(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> Block:
    """Create ``seat``, ``couple`` and ``household``. Needs mixer, places and vocabulary."""
    block = _create_seats(connection)
    connection.execute(f"set variable residents = {plan.residents}")
    connection.execute(f"set variable today = date '{plan.today}'")
    connection.execute(f"set variable now = date '{plan.now}'")
    blocks = -(-plan.residents // block.people)
    connection.execute(_COUPLE.format(blocks=blocks, couples=block.couples, people=block.people))
    connection.execute(
        _HOUSEHOLD.format(households=blocks * block.households, of_block=block.households)
    )
    return block


def _create_seats(connection: duckdb.DuckDBPyConnection) -> Block:
    """Lay the block out: ``seat`` (one row per person of a block) and ``couple_seat``."""
    seats: list[tuple[int, int, int, str, str, str]] = []
    couple_rows = []
    household = couple = -1
    for kind, repeat, members in _KINDS:
        for _ in range(repeat):
            household += 1
            couple += 1
            places = {}
            for role, relation in members:
                if role == "left":
                    household += 1
                places[role] = len(seats)
                seats.append((len(seats), household, couple, kind, role, relation))
            couple_rows.append(
                (
                    couple,
                    kind,
                    list(_AGES[kind]),
                    places.get("husband", places.get("left")),
                    places.get("wife"),
                )
            )
    connection.execute(
        "create or replace temp table seat (seat integer, household_no integer,"
        " couple_no integer, kind varchar, role varchar, relation_code varchar)"
    )
    insert_rows(connection, "seat", seats)
    connection.execute(
        "create or replace temp table couple_seat (couple_no integer, kind varchar,"
        " ages integer[], husband_seat integer, wife_seat integer)"
    )
    insert_rows(connection, "couple_seat", couple_rows)
    connection.execute(
        "create or replace temp table migrant_seat as select distinct household_no from seat"
        " where kind in ('young_single', 'couple', 'one_child')"
    )
    return Block(people=len(seats), households=household + 1, couples=couple + 1)


_COUPLE = """
create or replace temp table couple as
with drawn as (
    select
        block * {couples} + couple_no as couple_id,
        kind,
        block * {people} + husband_seat as husband_seat_id,
        block * {people} + wife_seat as wife_seat_id,
        unit(block * {couples} + couple_no, 'age') * 10 as age_at,
        floor(age_at)::integer as tenth,
        ages,
    from range({blocks}) as blocks(block), couple_seat
),
aged as (
    select
        couple_id,
        kind,
        case when husband_seat_id < getvariable('residents') then husband_seat_id end as husband_id,
        case when wife_seat_id < getvariable('residents') then wife_seat_id end as wife_id,
        getvariable('today') - (
            365.2425 * (ages[1 + tenth] + (age_at - tenth) * (ages[2 + tenth] - ages[1 + tenth]))
        )::integer as wife_birth,
        pick_surname_slot(couple_id, 'family') as surname,
        case
            when chance(couple_id, 'hui', 9000) then '03'
            when chance(couple_id, 'other people', 4000)
                then lpad((2 + below(couple_id, 'people', 55))::varchar, 2, '0')
            else '01'
        end as ethnicity_code,
    from drawn
),
spouse as (
    select
        *,
        wife_birth
        - (below(couple_id, 'spouse', 2100) + below(couple_id, 'spouse 2', 900) - 1000)::integer
            as husband_birth,
        -- the mother's age at the first birth: 21 to 33, and the child is at least 16 months old
        wife_birth + 7670 + below(
            couple_id,
            'first',
            greatest(1, least(4380, getvariable('today') - wife_birth - 7670 - 490))
        )::integer as child_1_birth,
    from aged
),
children as (
    select
        *,
        case
            when chance(couple_id, 'twins', 23000) then child_1_birth
            else child_1_birth + 330 + below(
                couple_id,
                'second',
                greatest(1, least(2350, getvariable('today') - child_1_birth - 331))
            )::integer
        end as child_2_birth,
        husband_birth - 7670 - below(couple_id, 'grandmother', 3300)::integer as grandmother_birth,
    from spouse
),
final as (
    select
        *,
        grandmother_birth
        - (below(couple_id, 'grandfather', 2400) - 700)::integer as grandfather_birth,
        -- married at least at the legal ages of 22 and 20, and before the first birth
        case
            when kind in ('elder_single', 'young_single') then null
            else least(
                greatest(
                    husband_birth + 8036,
                    wife_birth + 7306,
                    case
                        when kind in ('couple', 'elder_couple')
                            then wife_birth + 7400 + below(couple_id, 'wedding', 2900)::integer
                        else child_1_birth - 280 - below(couple_id, 'wedding', 900)::integer
                    end
                ),
                getvariable('today') - 3
            )
        end as marriage_date,
    from children
)
select
    *,
    case
        when kind = 'divorced'
            then least(
                greatest(marriage_date, child_1_birth) + 200
                + below(couple_id, 'divorce', 3000)::integer,
                getvariable('today') - 2
            )
    end as divorce_date,
from final
"""

_HOUSEHOLD = """
create or replace temp table household as
with drawn as (
    select
        household_id,
        pick_county_slot(household_id, 'county') as county_now,
        chance(household_id, 'moved', 400000) as has_moved,
        chance(household_id, 'moved without papers', 100000) as is_away,
        case when chance(household_id, 'far move', 300000)
            then pick_county_slot(household_id, 'county before')
        end as county_far,
        below(household_id, 'move age', 1500)
        + below(household_id, 'move age 2', 700) as move_age,
        -- young households that came from elsewhere in China and are registered there
        household_id % {of_block} in (select household_no from migrant_seat)
            and chance(household_id, 'migrant', 80000) as is_migrant,
    from range({households}) as t(household_id)
),
placed as (
    select
        household_id,
        county_now,
        coalesce(case when has_moved then county_far end, county_now) as county_before,
        case when has_moved then getvariable('today') - 10 - move_age::integer end as moved_date,
        has_moved and is_away and not is_migrant as is_away,
        is_migrant,
        address_of(county_now, household_id, 'address') as address_now,
        case when has_moved
            then address_of(coalesce(county_far, county_now), household_id, 'address before')
        end as address_moved_from,
    from drawn
)
select
    household_id,
    county_now,
    county_before,
    moved_date,
    is_away,
    is_migrant,
    address_now,
    coalesce(address_moved_from, address_now) as address_before,
    case
        when is_migrant then null
        when is_away then address_moved_from
        else address_now
    end as registered_address,
    case
        when is_migrant then null
        when is_away then county_before
        else county_now
    end as registered_county,
from placed
"""
