"""The population library against the truth: is a key one person, is the golden record right.

Leaves the temporary tables ``key_person`` (person_key, person_id: whom a key stands for) and
``held_person`` (person_id: people some readable record names by a valid number) for the licences.
"""

import duckdb

from citybase.score.figure import Figure, measure

KEY_GOAL = 0.999
ONE_KEY_GOAL = 0.999
SEARCH_PRECISION_GOAL = 0.995
GOLDEN_GOAL = 0.999
ADDRESS_GOAL = 0.96


def score_population(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Person key, name, sex, birth date and address.

    * ``person_key``: over the records that name a person by a valid number of that person and that
      can be read at all. Right when the record's key stands, over these records, for this person
      alone and this person, over these records, for this key alone.
    * ``one_key``: over the people who have a key, be it of records without a valid number. Right
      when he has no other: one person split into two is a false split.
    * ``search``: over the records without a usable number that were given a key by what else they
      say. Right when it is the person's.
    * ``name``, ``sex``, ``birth_date``, ``address``: over the rows of ``entity_person`` whose key
      has at least one such record, against the person most of them name (the lowest id on a tie).
      Address is where the person lives, not where the household is registered.

    Records without a number, with a damaged number or with the number of somebody else are in no
    denominator.
    """
    connection.execute(_RECORD)
    connection.execute(_KEY_PERSON)
    connection.execute(_HELD_PERSON)
    figures = [
        measure(
            connection, library="population", code="person_key", goal=KEY_GOAL, rows=_PERSON_KEY
        ),
        measure(connection, library="population", code="one_key", goal=ONE_KEY_GOAL, rows=_ONE_KEY),
        measure(
            connection,
            library="population",
            code="search",
            goal=SEARCH_PRECISION_GOAL,
            rows=_SEARCH,
        ),
    ]
    for code, column, goal, masked in (
        ("name", "name", GOLDEN_GOAL, "left({}, 1) || '*'"),
        ("sex", "sex_code", GOLDEN_GOAL, "{}"),
        ("birth_date", "birth_date", GOLDEN_GOAL, "year({})::varchar || '-**-**'"),
        ("address", "address", ADDRESS_GOAL, "left({}, 9) || '…'"),
    ):
        figures.append(
            measure(
                connection,
                library="population",
                code=code,
                goal=goal,
                rows=_GOLDEN.format(
                    column=column,
                    found=masked.format(f"person.{column}"),
                    true=masked.format(f"truth.{column}"),
                ),
            )
        )
    return tuple(figures)


# Tables and roles the library takes; others only refer to people.
_RECORD = """
create or replace temp table person_record as
select
    record.person_id,
    record.system_code,
    record.table_code,
    record.source_key,
    record.role_code,
    link.person_key,
from city_truth.record
left join population.link_person_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
    and record.role_code = link.role_code
where record.person_id is not null
    and record.has_valid_number
    and record.is_landable
    and (record.system_code, record.table_code, record.role_code) in (
        select distinct (system_code, table_code, role_code) from population.link_person_source
    )
"""

_KEY_PERSON = """
create or replace temp table key_person as
with counted as (
    select person_key, person_id, count(*) as records
    from person_record
    where person_key is not null
    group by person_key, person_id
),
ranked as (
    select
        *,
        row_number() over (partition by person_key order by records desc, person_id) as place,
        count(*) over (partition by person_key) as people_of_key,
        count(*) over (partition by person_id) as keys_of_person,
    from counted
)
select person_key, person_id, people_of_key, keys_of_person
from ranked
where place = 1
"""

_HELD_PERSON = """
create or replace temp table held_person as
select distinct person_id from person_record
"""

_PERSON_KEY = """
select
    key_person.people_of_key = 1 and key_person.keys_of_person = 1 as is_right,
    person_record.system_code || '.' || person_record.table_code || ' '
    || left(person_record.source_key, 4) || '…' || right(person_record.source_key, 2)
    || case
        when person_record.person_key is null then ': in no person'
        when key_person.people_of_key > 1 then ': shares its key with another person'
        else ': the person has other keys'
    end as example,
from person_record
left join key_person on person_record.person_key = key_person.person_key
"""

# A key made of records without a number, or with somebody else's, is a key too: it is whose most of
# its records are, those with a valid number first.
_ONE_KEY = """
with counted as (
    select
        link.person_key,
        record.person_id,
        count(*) filter (where record.has_valid_number) as numbered,
        count(*) as records,
    from population.link_person_source as link
    inner join city_truth.record as record using (system_code, table_code, source_key, role_code)
    where record.person_id is not null
    group by link.person_key, record.person_id
),
ranked as (
    select
        *,
        row_number() over (
            partition by person_key order by numbered desc, records desc, person_id
        ) as place,
    from counted
),
held as (
    select person_id, person_key from ranked where place = 1
    union
    select person_id, person_key from person_record where person_key is not null
)
select
    count(*) = 1 as is_right,
    'person ' || person_id || ': ' || count(*) || ' keys' as example,
from held
group by person_id
"""

_SEARCH = """
select
    key_person.person_id is not distinct from record.person_id as is_right,
    record.system_code || '.' || record.table_code || ' '
    || left(record.source_key, 4) || '…' || right(record.source_key, 2)
    || ': another person' as example,
from population.link_person_source as link
inner join city_truth.record as record using (system_code, table_code, source_key, role_code)
left join key_person on link.person_key = key_person.person_key
where link.basis_code = 'search'
"""

_GOLDEN = """
select
    trim(nfc_normalize(person.{column}::varchar))
        is not distinct from trim(nfc_normalize(truth.{column}::varchar)) as is_right,
    'person …' || right(person.person_key::varchar, 4) || ': '
    || coalesce({found}, 'nothing') || ' for ' || coalesce({true}, 'nothing') as example,
from population.entity_person as person
inner join key_person on person.person_key = key_person.person_key
inner join city_truth.person as truth on key_person.person_id = truth.person_id
"""
