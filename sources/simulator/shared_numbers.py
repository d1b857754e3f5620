"""重号: pairs of people who were given one and the same resident number.

Creates the temporary table ``number_shared``: the two people of a pair, chosen before people are
made because the second is given birth date and sex of the first. Both live alone, so no family's
dates depend on them, and in different counties. Change how they are chosen here. Keep out: how a
shared number is resolved (``life_events.py``).

50 per million residents share a number; of every five pairs one has a second person whom the police
do not know.
"""

import duckdb

from sources.simulator.plan import CityPlan

_PAIRS_PER_MILLION = 25
# Blocks looked through for a person of a pair; a pair has a stretch of some 500 blocks.
_REACH = 60


def choose_shared_numbers(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> None:
    """Create ``number_shared`` (pair_no, first_person_id, second_person_id, birth_date, is_hidden).
    Needs the families.
    """
    pairs = plan.count(per_million_residents=_PAIRS_PER_MILLION)
    connection.execute(_NUMBER_SHARED.format(pairs=pairs, reach=_REACH))


_NUMBER_SHARED = """
create or replace temp table number_shared as
with block as (
    select
        count(*) as people,
        count(distinct household_no) as households,
        count(distinct couple_no) as couples,
        getvariable('residents') // count(*) // {pairs} as stretch,
    from seat
),
candidate as (
    select
        pair_no,
        ordinal,
        seat.kind,
        block_no * people + seat.seat as person_id,
        block_no * households + seat.household_no as household_id,
        block_no * couples + seat.couple_no as couple_id,
    from block
    cross join range({pairs}) as pairs(pair_no)
    cross join range(2) as ordinals(ordinal)
    cross join range({reach}) as steps(step)
    inner join seat on seat.role = 'single'
    cross join lateral (
        select pair_no * stretch + ordinal * (stretch // 2) + step as block_no
    )
    where step < greatest(stretch // 2, 1)
),
living as (
    select candidate.*, household.county_now, household.registered_county, couple.wife_birth
    from candidate
    inner join household on candidate.household_id = household.household_id
    inner join couple on candidate.couple_id = couple.couple_id
    where not household.is_migrant
),
first as (
    select
        pair_no,
        arg_min(living, mix(person_id, 'shares a number')) as person,
    from living
    where ordinal = 0
    group by pair_no
)
select
    first.pair_no,
    first.person.person_id as first_person_id,
    first.person.wife_birth as birth_date,
    arg_min(living.person_id, mix(living.person_id, 'has the same number')) as second_person_id,
    first.pair_no % 5 = 1 as is_hidden,
from first
inner join living
    on first.pair_no = living.pair_no
    and living.ordinal = 1
    and first.person.kind = living.kind
    and first.person.county_now <> living.county_now
    and first.person.registered_county <> living.registered_county
group by all
"""
