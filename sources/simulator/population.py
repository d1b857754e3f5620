"""People: households by template, families with plausible ages, numbers, moves, marriages, deaths.

Creates the temporary tables ``couple``, ``household`` and ``person`` (one row per person, ids from
0). Everything is a function of (id, purpose, seed), and relatives are computed from the couple they
belong to, so no row depends on another row's draw. Add attributes of people here. Keep out: what
departments wrote about them (``records.py``).
"""

import duckdb

from sources.simulator.plan import CityPlan

# One block of households, repeated over the city: kind, how many, members as (role, relation code
# of GB/T 4761). ``left`` lives apart from the couple of the household before it.
_KINDS: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...] = (
    ("elder_single", 2, (("single", "02"),)),
    ("elder_couple", 5, (("husband", "02"), ("wife", "10"))),
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
    "elder_couple": (52, 54, 56, 57, 59, 61, 64, 67, 71, 76, 92),
    "young_single": (18, 19, 20, 22, 24, 27, 31, 37, 45, 54, 66),
    "couple": (22, 24, 26, 29, 34, 41, 46, 49, 52, 55, 62),
    "one_child": (24, 27, 29, 31, 33, 35, 38, 40, 42, 45, 50),
    "two_children": (26, 30, 32, 33, 35, 36, 38, 39, 41, 44, 48),
    "three_generations": (25, 29, 31, 32, 34, 35, 37, 39, 41, 43, 47),
    "adult_child": (45, 47, 48, 49, 50, 51, 53, 55, 57, 60, 68),
    "divorced": (27, 30, 32, 34, 36, 38, 40, 42, 44, 47, 52),
}


def build_population(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> None:
    """Create ``couple``, ``household`` and ``person``. Needs mixer, places, vocabulary, numbers."""
    people, households, couples = _create_seats(connection)
    connection.execute(f"set variable people = {plan.residents}")
    connection.execute(f"set variable today = date '{plan.today}'")
    blocks = -(-plan.residents // people)
    connection.execute(_COUPLE.format(blocks=blocks, couples=couples, people=people))
    connection.execute(_HOUSEHOLD.format(households=blocks * households))
    connection.execute(
        _PERSON.format(
            residents=plan.residents, people=people, households=households, couples=couples
        )
    )


def _create_seats(connection: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
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
    connection.executemany("insert into seat values (?, ?, ?, ?, ?, ?)", seats)
    connection.execute(
        "create or replace temp table couple_seat (couple_no integer, kind varchar,"
        " ages integer[], husband_seat integer, wife_seat integer)"
    )
    connection.executemany("insert into couple_seat values (?, ?, ?, ?, ?)", couple_rows)
    return len(seats), household + 1, couple + 1


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
        case when husband_seat_id < getvariable('people') then husband_seat_id end as husband_id,
        case when wife_seat_id < getvariable('people') then wife_seat_id end as wife_id,
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
            when chance(couple_id, 'twins', 62000) then child_1_birth
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
    from range({households}) as t(household_id)
),
placed as (
    select
        household_id,
        county_now,
        coalesce(case when has_moved then county_far end, county_now) as county_before,
        case when has_moved then getvariable('today') - 10 - move_age::integer end as moved_date,
        has_moved and is_away as is_away,
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
    address_now,
    coalesce(address_moved_from, address_now) as address_before,
    case when is_away then address_moved_from else address_now end as registered_address,
    case when is_away then county_before else county_now end as registered_county,
from placed
"""

_PERSON = """
create or replace temp table person as
with seated as (
    select
        i as person_id,
        i // {people} * {households} + seat.household_no as household_id,
        i // {people} * {couples} + seat.couple_no as couple_id,
        seat.kind,
        seat.role,
        seat.relation_code,
    from range({residents}) as t(i)
    inner join seat on i % {people} = seat.seat
),
related as (
    select
        seated.*,
        couple.surname as family_surname,
        couple.ethnicity_code,
        couple.marriage_date,
        couple.divorce_date,
        household.county_now,
        household.moved_date,
        case seated.role
            when 'husband' then couple.husband_birth
            when 'left' then couple.husband_birth
            when 'child_1' then couple.child_1_birth
            when 'child_2' then couple.child_2_birth
            when 'grandfather' then couple.grandfather_birth
            when 'grandmother' then couple.grandmother_birth
            else couple.wife_birth
        end as birth_date,
        seated.role = 'child_2' and couple.child_1_birth = couple.child_2_birth as is_second_twin,
        case seated.role
            when 'husband' then '1'
            when 'left' then '1'
            when 'grandfather' then '1'
            when 'wife' then '2'
            when 'grandmother' then '2'
            when 'single' then case
                when below(seated.person_id, 'sex', 100)
                    < case seated.kind when 'elder_single' then 32 else 58 end then '1'
                else '2'
            end
            else case when below(
                case
                    when chance(seated.couple_id, 'like twins', 600000)
                        and couple.child_1_birth = couple.child_2_birth then seated.couple_id
                    else seated.person_id
                end,
                'sex', 1000
            ) < 521 then '1' else '2' end
        end as sex_code,
    from seated
    inner join couple on seated.couple_id = couple.couple_id
    inner join household on seated.household_id = household.household_id
),
kinds as (
    select
        *,
        getvariable('today') - birth_date as age_days,
        case
            when role <> 'single' or kind <> 'young_single' then 'resident_number'
            when chance(person_id, 'compatriot', 17000) then 'residence_permit'
            when chance(person_id, 'foreigner', 8000) then 'permanent_resident_card'
            when chance(person_id, 'foreigner earlier', 5000) then 'permanent_resident_card_old'
            when chance(person_id, 'home return', 8000) then 'home_return_permit'
            when chance(person_id, 'taiwan travel', 5000) then 'taiwan_travel_permit'
            else 'resident_number'
        end as number_kind,
        -- numbers were first given out in 1985; some people were registered years late
        case
            when chance(person_id, 'registered late', 6000)
                then greatest(birth_date, date '1985-01-01')
                    + below(person_id, 'late', 4000)::integer
            else greatest(birth_date, date '1985-01-01')
        end as number_issued_date,
        case
            when role in ('child_1', 'child_2') then chance(person_id, 'born away', 18000)
            else chance(person_id, 'born away', 62000)
        end as is_born_away,
        case
            when role not in ('child_1', 'child_2') and chance(person_id, 'born near', 110000)
                then pick_county_slot(person_id, 'birth county')
            else county_now
        end as birth_county,
    from related
),
areas as (
    select
        *,
        case
            when number_kind = 'residence_permit'
                then 810000 + 10000 * below(person_id, 'compatriot of', 3)
            when number_kind = 'permanent_resident_card'
                then 937000 + [840, 826, 392, 410, 276, 643, 704]
                    [1 + below(person_id, 'country', 7)]
            when is_born_away and number_issued_date < date '1995-01-01'
                and chance(person_id, 'abolished code', 400000)
                then pick_code_elsewhere_former(person_id, 'birthplace')::bigint
            when is_born_away then pick_code_elsewhere(person_id, 'birthplace')::bigint
            when number_issued_date < date '1994-01-01'
                then getvariable('county_former_code')[birth_county + 1]::bigint
            else getvariable('county_code')[birth_county + 1]::bigint
        end as area,
    from kinds
),
numbered as (
    select
        *,
        (area * 100000000 + birth_digits(birth_date)) * 1000
        + 2 * (
            (
                below(area * 100000 + (birth_date - date '1900-01-01'), 'sequence', 400)
                + row_number() over (
                    partition by area, birth_date, sex_code order by person_id
                )
            ) % 500
        )
        + (sex_code = '1')::bigint as stem,
    from areas
),
named as (
    select
        *,
        case number_kind
            when 'permanent_resident_card_old'
                then ['USA', 'GBR', 'KOR', 'JPN', 'CAN'][1 + below(person_id, 'country', 5)]
                    || '3713' || lpad(person_id::varchar, 8, '0')
            when 'home_return_permit'
                then case when chance(person_id, 'macao', 200000) then 'M' else 'H' end
                    || (10000000 + person_id)::varchar
            when 'taiwan_travel_permit' then (10000000 + person_id)::varchar
            else resident_number(stem)
        end as number,
        case
            when number_kind like 'permanent%' then pick_foreign_name(person_id, 'foreign name')
            else case
                when role in ('husband', 'left', 'grandfather') then family_surname
                when role in ('child_1', 'child_2') and not chance(couple_id, 'of mother', 25000)
                    then family_surname
                else pick_surname_slot(person_id, 'surname')
            end
            || case
                when chance(person_id, 'rare', 1200)
                    then substr(given_name_at(
                        given_name_rank(person_id),
                        (sex_code = '2')::bigint,
                        (birth_date >= date '1980-01-01')::bigint
                    ), 1, 1) || pick_rare_character(person_id, 'rare character')
                else given_name_at(
                    given_name_rank(person_id),
                    (sex_code = '2')::bigint,
                    (birth_date >= date '1980-01-01')::bigint
                )
            end
        end as name,
        -- yearly mortality by age, over the last eight years
        case
            when unit(person_id, 'death') < case
                when age_days < 14600 then 0.003
                when age_days < 21900 then 0.016
                when age_days < 25550 then 0.06
                when age_days < 29200 then 0.14
                when age_days < 32850 then 0.33
                else 0.62
            end then getvariable('today')
                - least(below(person_id, 'death day', 2920), greatest(age_days - 1, 0))::integer
        end as death_date,
    from numbered
),
final as (
    select
        *,
        case
            when age_days < 4380 then null
            else '1' || ['30', '31', '35', '36', '37', '38', '39', '50', '51', '58', '59', '77',
                '87', '88', '95'][1 + below(person_id, 'phone net', 15)]
                || lpad(below(person_id, 'phone', 100000000)::varchar, 8, '0')
        end as phone,
        case
            when age_days < 2190 then null
            when age_days < 4380 then '80'
            when age_days < 5840 then '70'
            when birth_date < date '1955-01-01' then
                ['90', '80', '80', '80', '70', '70', '60'][1 + below(person_id, 'school', 7)]
            when birth_date < date '1980-01-01' then
                ['80', '70', '70', '70', '60', '40', '30', '20'][1 + below(person_id, 'school', 8)]
            else ['70', '70', '60', '40', '30', '30', '20', '20', '20', '14']
                [1 + below(person_id, 'school', 10)]
        end as education_code,
        case
            when role in ('child_1', 'child_2') then '10'
            when role in ('grandfather', 'grandmother') then '20'
            when role in ('wife', 'left') and kind = 'divorced' then '40'
            when role in ('husband', 'wife') then '20'
            when kind = 'elder_single' then ['30', '30', '30', '30', '40', '10']
                [1 + below(person_id, 'alone', 6)]
            else case when age_days > 15000 and chance(person_id, 'alone', 400000)
                then '40' else '10' end
        end as marital_status_at_life,
    from named
)
select
    person_id,
    household_id,
    couple_id,
    kind,
    role,
    case
        when relation_code = '20' and sex_code = '2' then '30' else relation_code
    end as relation_code,
    number_kind,
    number,
    stem,
    name,
    sex_code,
    birth_date,
    age_days,
    ethnicity_code,
    phone,
    education_code,
    marital_status_at_life,
    death_date,
    number_kind = 'resident_number' as is_registered,
    is_second_twin,
from final
"""
