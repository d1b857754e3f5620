"""Births after the base day: who bears, and the new people with their numbers and names.

The statements ``DELIVERY`` and ``NEWBORN`` create the temporary tables of these names; they are run
by ``life_events.py``. Ids count on from the last person of the base day in order of birth, so a
later day gives nobody another id. Add what a new person needs here. Keep out: other events.
"""

# Per million and day, of couples who may have a child.
_BIRTH = 380
# 1.5 % of those born are twins.
_TWINS = 7_560

DELIVERY = f"""
create or replace temp table delivery as
with drawn as (
    select
        couple.*,
        event_date(couple_id, 'gives birth', {_BIRTH}) as event_date,
        chance(couple_id, 'bears twins', {_TWINS}) as is_twin_birth,
    from couple
    where divorce_date is null
        and (
            kind = 'couple'
            or (kind = 'one_child' and child_1_birth < getvariable('today') - 400)
        )
        and wife_birth between getvariable('today') - 16000 and getvariable('today') - 7600
        and husband_id is not null
)
select
    drawn.couple_id,
    drawn.kind,
    drawn.surname,
    drawn.ethnicity_code,
    drawn.wife_id,
    drawn.event_date,
    drawn.is_twin_birth,
    mother.household_id,
    mother.is_migrant,
    mother.origin_division_code,
from drawn
inner join person as mother on drawn.wife_id = mother.person_id
left join divorce on drawn.couple_id = divorce.couple_id
left join death on drawn.wife_id = death.person_id
where drawn.event_date is not null
    and mother.death_date is null
    and (divorce.event_date is null or divorce.event_date > drawn.event_date)
    and (death.event_date is null or death.event_date > drawn.event_date)
"""

NEWBORN = """
create or replace temp table newborn as
with child as (
    select
        {residents} + row_number() over (
            order by delivery.event_date, delivery.couple_id, twin
        ) - 1 as person_id,
        delivery.*,
        twin,
        case
            when delivery.is_migrant then delivery.origin_division_code::bigint
            else getvariable('county_code')[
                coalesce(household_move.county_after, household.county_now) + 1
            ]::bigint
        end as area,
    from delivery
    cross join range(2) as twins(twin)
    inner join household on delivery.household_id = household.household_id
    left join household_move
        on delivery.household_id = household_move.household_id
        and household_move.event_date <= delivery.event_date
    where twin = 0 or delivery.is_twin_birth
),
sexed as (
    select *, case when below(person_id, 'sex', 1000) < 521 then '1' else '2' end as sex_code
    from child
),
numbered as (
    select
        *,
        (area * 100000000 + birth_digits(event_date)) * 1000
        + 2 * (
            (
                below(area * 100000 + (event_date - date '1900-01-01'), 'sequence', 400)
                + row_number() over (
                    partition by area, event_date, sex_code order by person_id
                )
            ) % 500
        )
        + (sex_code = '1')::bigint as stem,
    from sexed
)
select
    person_id,
    household_id,
    couple_id,
    kind,
    case when kind = 'couple' and twin = 0 then 'child_1' else 'child_2' end as role,
    case when sex_code = '2' then '30' else '20' end as relation_code,
    'resident_number' as number_kind,
    resident_number(stem) as number,
    stem,
    surname || given_name_at(given_name_rank(person_id), (sex_code = '2')::bigint, 1) as name,
    sex_code,
    event_date as birth_date,
    getvariable('today') - event_date as age_days,
    ethnicity_code,
    null::varchar as phone,
    null::varchar as education_code,
    '10' as marital_status_at_life,
    null::date as death_date,
    not is_migrant as is_registered,
    is_migrant,
    case when is_migrant then origin_division_code end as origin_division_code,
    false as has_shared_number,
    twin = 1 as is_second_twin,
from numbered
"""
