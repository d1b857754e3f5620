"""The population library against the truth: is a key one person, is the golden record right.

Leaves the temporary tables ``key_person`` (person_key, person_id: whom a key stands for) and
``held_person`` (person_id: people some readable record names by a valid number) for the licences.
"""

import duckdb

from citybase.score.expected import expect
from citybase.score.figure import Figure, measure

KEY_GOAL = 0.999
ONE_KEY_GOAL = 0.999
KNOWN_GOAL = 0.999
SEARCH_PRECISION_GOAL = 0.995
# What a steward expects of a search: a list of those it could not find that can be worked through.
SEARCH_RECALL_GOAL = 0.95
TOLD_GOAL = 0.999

# A record that says nothing of a person but a name: a certificate of a parent without his number, a
# subsidy without number and with no telephone or an old one. A name alone must lead to nobody.
SAYS_A_NAME_ONLY = """(
        record.defects like '%number_missing%'
        and (
            record.table_code = 'birth_certificate' and record.role_code in ('mother', 'father')
            or record.table_code = 'subsidy'
                and regexp_matches(record.defects, 'phone_(missing|changed)')
        )
    )"""
GOLDEN_GOAL = 0.999
ADDRESS_GOAL = 0.96


def score_population(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Person key, people known, search, and the golden name, sex, birth date and address.

    * ``person_key``: over the records that name a person by a valid number of that person, that
      have come and can be read at all. Right when the record's key stands, over these records, for
      this person alone and this person, over these records, for this key alone.
    * ``one_key``: over the people who have a key, be it of records without a valid number. Right
      when he has no other: one person split into two is a false split.
    * ``person_known``: over the people such a record names. Right when the library has him.
    * ``person_true``: over the rows of ``entity_person``. Right when it is a person of the truth,
      and his first key: the library counts nobody who is not there, and nobody twice.
    * ``search_found``: over the records without a usable number, of people who are known by another
      record, that say more of them than a name. Right when it was given the person's key.
    * ``search``: over the records without a usable number that were given a key by what else they
      say. Right when it is the person's.
    * ``search_told``: over all records without a usable number. Right when it was given a key or is
      on the stewards' list: nothing is lost.
    * ``resident_number``, ``name``, ``sex``, ``birth_date``, ``address``: over those people, once
      for each key that stands for them; the number over those who bear a resident number. Right
      when the golden value is the true one; a person who is missing has none. Address is where the
      person lives, not where the household is registered.
    """
    expect(connection)
    for statement in (_RECORD, _KEY_PERSON, _HELD_PERSON, _KEY_BEARER):
        connection.execute(statement)
    figures = [
        measure(connection, library="population", code=code, goal=goal, rows=rows)
        for code, goal, rows in (
            ("person_key", KEY_GOAL, _PERSON_KEY),
            ("one_key", ONE_KEY_GOAL, _ONE_KEY),
            ("person_known", KNOWN_GOAL, _PERSON_KNOWN),
            ("person_true", KNOWN_GOAL, _PERSON_TRUE),
            ("search_found", SEARCH_RECALL_GOAL, _SEARCH_FOUND),
            ("search", SEARCH_PRECISION_GOAL, _SEARCH),
            ("search_told", TOLD_GOAL, _SEARCH_TOLD),
        )
    ]
    for code, column, goal, masked in (
        ("resident_number", "resident_number", GOLDEN_GOAL, "'…' || right({}, 4)"),
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


_RECORD = """
create or replace temp table person_record as
select
    record.person_id,
    record.system_code,
    record.table_code,
    record.source_key,
    record.role_code,
    link.person_key,
from expected_record as record
left join population.link_person_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
    and record.role_code = link.role_code
where record.library_code = 'population'
    and record.person_id is not null
    and record.has_valid_number
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
_KEY_BEARER = """
create or replace temp table key_bearer as
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
)
select
    person_key,
    person_id,
    row_number() over (
        partition by person_id order by numbered desc, records desc, person_key
    ) as place_of_key,
from ranked
where place = 1
"""

_ONE_KEY = """
with held as (
    select person_id, person_key from key_bearer
    union
    select person_id, person_key from person_record where person_key is not null
)
select
    count(*) = 1 as is_right,
    'person ' || person_id || ': ' || count(*) || ' keys' as example,
from held
group by person_id
"""

_PERSON_KNOWN = """
select
    count(person.person_key) > 0 as is_right,
    'person ' || held_person.person_id || ': not in the library' as example,
from held_person
left join key_person using (person_id)
left join population.entity_person as person
    on key_person.person_key = person.person_key
group by held_person.person_id
"""

# Of a record that has gone since the last file the truth knows nothing any more.
_PERSON_TRUE = """
select
    key_bearer.place_of_key = 1 as is_right,
    'person key …' || right(person.person_key::varchar, 4) || case
        when key_bearer.person_key is null then ': no record speaks of such a person'
        else ': has another key'
    end as example,
from population.entity_person as person
left join key_bearer on person.person_key = key_bearer.person_key
where key_bearer.person_key is not null
    or person.person_key not in (
        select link.person_key
        from population.link_person_source as link
        semi join undelivered_record using (system_code, table_code, source_key)
        where link.person_key is not null
    )
"""

_SEARCH_FOUND = f"""
select
    coalesce(key_person.person_id = record.person_id, false) as is_right,
    record.system_code || '.' || record.table_code || ' '
    || left(record.source_key, 4) || '…' || right(record.source_key, 2)
    || case when link.person_key is null then ': nobody' else ': another person' end as example,
from expected_record as record
semi join held_person using (person_id)
left join population.link_person_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
    and record.role_code = link.role_code
left join key_person on link.person_key = key_person.person_key
where record.library_code = 'population'
    and not record.has_valid_number
    and coalesce(not {SAYS_A_NAME_ONLY}, true)
"""

_SEARCH_TOLD = """
select
    link.person_key is not null or doubtful.source_key is not null as is_right,
    record.system_code || '.' || record.table_code || ' '
    || left(record.source_key, 4) || '…' || right(record.source_key, 2) || ': lost' as example,
from expected_record as record
left join population.link_person_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
    and record.role_code = link.role_code
left join quality.population__doubtful_identity as doubtful
    on record.system_code = doubtful.system_code
    and record.table_code = doubtful.table_code
    and record.source_key = doubtful.source_key
    and record.role_code = doubtful.role_code
where record.library_code = 'population'
    and record.person_id is not null
    and not record.has_valid_number
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
    person.person_key is not null
    and trim(nfc_normalize(person.{column}::varchar))
        is not distinct from trim(nfc_normalize(truth.{column}::varchar)) as is_right,
    case
        when person.person_key is null then 'person ' || truth.person_id || ': not in the library'
        else 'person …' || right(person.person_key::varchar, 4) || ': '
            || coalesce({found}, 'nothing') || ' for ' || coalesce({true}, 'nothing')
    end as example,
from held_person
inner join (
    select
        *,
        case when number_kind = 'resident_number' then number end as resident_number,
    from city_truth.person
) as truth on held_person.person_id = truth.person_id
left join key_person on held_person.person_id = key_person.person_id
left join population.entity_person as person on key_person.person_key = person.person_key
where truth.{column} is not null
"""
