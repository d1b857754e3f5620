"""People: one row each, with number, name, sex, birth, schooling, phone and death.

Creates the temporary tables ``person`` (ids from 0; everything a function of id, purpose and seed;
the people of the base day as they were on it) and ``mixed_up`` (whose papers lie in one drawer with
whose). Add attributes of people here. Keep out: families and moves (``families.py``), further cards
(``cards.py``), what happens to people (``life_events.py``), what departments wrote (``records_*``).
"""

import duckdb

from sources.simulator.families import Block
from sources.simulator.plan import CityPlan


def build_population(connection: duckdb.DuckDBPyConnection, plan: CityPlan, block: Block) -> None:
    """Create ``person`` and ``mixed_up``. Needs the families, the pairs that share a
    number and the number macros.
    """
    connection.execute(
        _PERSON.format(
            residents=plan.residents,
            people=block.people,
            households=block.households,
            couples=block.couples,
        )
    )
    connection.execute(_ONE_NUMBER_FOR_TWO)
    connection.execute(_MIXED_UP)


_PERSON = """
create or replace temp table person as
with sharer as (
    select pair_no, first_person_id as person_id, null::bigint as first_person_id, birth_date,
        is_hidden, 1 as ordinal
    from number_shared
    union all
    select pair_no, second_person_id, first_person_id, birth_date, is_hidden, 2
    from number_shared
),
seated as (
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
        household.is_migrant,
        shared.pair_no is not null as has_shared_number,
        coalesce(shared.is_hidden and shared.ordinal = 2, false) as is_unknown_to_police,
        case
            when shared.ordinal = 2 then shared.birth_date
            when seated.role in ('husband', 'left') then couple.husband_birth
            when seated.role = 'child_1' then couple.child_1_birth
            when seated.role = 'child_2' then couple.child_2_birth
            when seated.role = 'grandfather' then couple.grandfather_birth
            when seated.role = 'grandmother' then couple.grandmother_birth
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
                when below(coalesce(shared.first_person_id, seated.person_id), 'sex', 100)
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
    left join sharer as shared on seated.person_id = shared.person_id
),
kinds as (
    select
        *,
        getvariable('today') - birth_date as age_days,
        case
            when role <> 'single' or kind <> 'young_single' or is_migrant or has_shared_number
                then 'resident_number'
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
            when is_migrant then true
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
                and not is_migrant and chance(person_id, 'abolished code', 400000)
                then pick_code_elsewhere_former(person_id, 'birthplace')::bigint
            when is_migrant then pick_code_elsewhere(household_id, 'origin')::bigint
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
            when not has_shared_number and unit(person_id, 'death') < case
                when age_days < 14600 then 0.005
                when age_days < 21900 then 0.025
                when age_days < 25550 then 0.09
                when age_days < 29200 then 0.2
                when age_days < 32850 then 0.42
                else 0.7
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
    number_kind = 'resident_number' and not is_migrant and not is_unknown_to_police
        as is_registered,
    is_migrant,
    case when is_migrant then area::varchar end as origin_division_code,
    has_shared_number,
    is_second_twin,
from final
"""

_ONE_NUMBER_FOR_TWO = """
update person
set number = first.number, stem = first.stem
from number_shared
inner join person as first on number_shared.first_person_id = first.person_id
where person.person_id = number_shared.second_person_id
"""

# One person in fifty whose number gets exchanged with that of the next person (most often of the
# same household): the few rows that need another person's number join this small table.
_MIXED_UP = """
create or replace temp table mixed_up as
select person.person_id as mixed_up_id, other.number as other_number
from person
inner join person as other
    on other.person_id = (person.person_id + 1) % getvariable('residents')
where chance(person.person_id, 'mixed up', 20000)
"""
