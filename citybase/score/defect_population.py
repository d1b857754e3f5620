"""What the population library makes of every kind of damage in the records about people.

Needs the temporary tables of ``population.py``. Add a kind when the city injects one.
What each means, and why it is hard, is told in docs/score.md.
"""

import duckdb

from citybase.score.defect import DefectFigure, DefectKind, measure_defects
from citybase.score.population import SAYS_A_NAME_ONLY

# What matters of somebody else's number is whose record it does not become.
WRONG_NUMBER_GOAL = 0.99
SHARED_NUMBER_GOAL = 0.95
WRITING_GOAL = 0.999
FORMER_GOAL = 0.97
# A steward has to look at the rest.
SEARCH_GOAL = 0.95
# One needless look in twenty.
ALARM_GOAL = 0.95
# Whoever writes the number of another of the same birthday looks like a second bearer of it.
SHARED_ALARM_GOAL = 0.5

_RIGHT = "outcome = 'right'"
# By a name alone, or of somebody no other record names, there is nobody to be found.
_FOUND = "outcome = 'right' or (is_set_aside and (not is_held or says_a_name_only))"


def _alarms(reason: str, is_false: str) -> str:
    """The stewards' list for one reason; an alarm is false by a condition on the record."""
    return f"""
        select
            {is_false} as is_false,
            record.system_code || '.' || record.table_code || ' '
            || left(record.source_key, 4) || '…' || right(record.source_key, 2)
            || ': shown as {reason}, is not' as example,
        from quality.population__doubtful_identity as doubtful
        inner join city_truth.record as record
            using (system_code, table_code, source_key, role_code)
        where doubtful.reason_code = '{reason}'
    """


def _without(defects: str) -> str:
    """A record that suffers none of these defects."""
    return f"not regexp_matches(coalesce(record.defects, ''), '{defects}')"


_KINDS = (
    DefectKind("number_15_digits", _RIGHT, WRITING_GOAL),
    DefectKind("padded", _RIGHT, WRITING_GOAL),
    DefectKind("full_width", _RIGHT, WRITING_GOAL),
    DefectKind("lower_x", _RIGHT, WRITING_GOAL),
    DefectKind("cyrillic_x", _RIGHT, WRITING_GOAL),
    DefectKind("number_former", _RIGHT, FORMER_GOAL),
    DefectKind(
        "number_digit_typo",
        _FOUND,
        SEARCH_GOAL,
        _alarms("number_damaged", _without("number_(digit_typo|transposed|rounded)")),
        ALARM_GOAL,
    ),
    DefectKind("number_transposed", _FOUND, SEARCH_GOAL),
    DefectKind(
        "number_of_another",
        "outcome <> 'wrong'",
        WRONG_NUMBER_GOAL,
        _alarms("number_of_another", _without("number_(of_another|shared)")),
        ALARM_GOAL,
    ),
    DefectKind(
        "number_missing",
        _FOUND,
        SEARCH_GOAL,
        _alarms("number_missing", "record.has_valid_number"),
        ALARM_GOAL,
    ),
    DefectKind("name_variant", f"{_RIGHT} and is_name_right", 0.99),
    DefectKind("name_former", f"{_RIGHT} and is_name_right", FORMER_GOAL),
    DefectKind("birth_swapped", f"{_RIGHT} and is_birth_right", WRITING_GOAL),
    DefectKind("birth_wrong", f"{_RIGHT} and is_birth_right", WRITING_GOAL),
    DefectKind("sex_wrong", f"{_RIGHT} and is_sex_right", WRITING_GOAL),
    DefectKind("address_stale", f"{_RIGHT} and is_address_right"),
    DefectKind("address_registered_elsewhere", f"{_RIGHT} and is_address_right"),
    DefectKind("phone_changed", f"{_RIGHT} and is_phone_right"),
    DefectKind("phone_missing", f"{_RIGHT} and is_phone_right"),
    DefectKind("division_former", f"{_RIGHT} and is_division_in_force", WRITING_GOAL),
    DefectKind("place_renamed", f"{_RIGHT} and is_division_in_force", WRITING_GOAL),
)

_SHARED = DefectKind(
    "number_shared",
    "is_split",
    SHARED_NUMBER_GOAL,
    """
    select
        truth.number is null as is_false,
        'a number of persons …' || right(min(shared.person_key)::varchar, 4)
        || ' and …' || right(max(shared.person_key)::varchar, 4) || ': is not shared' as example,
    from quality.population__shared_number as shared
    left join (select distinct number from city_truth.number_shared) as truth
        on shared.identifier_number = truth.number
    group by shared.identifier_number, truth.number
    """,
    SHARED_ALARM_GOAL,
)


def score_population_defects(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[DefectFigure, ...]:
    """Every kind of damage of records about people.

    A record is ``right`` when its key stands for the person it is about, ``wrong`` when for
    another, ``none`` without a key; it is set aside when stewards are shown it and it has none. A
    shared number (重号) is caught when its two bearers have a key each.
    """
    connection.execute(_RECORD)
    connection.execute(_PAIR)
    return (
        *measure_defects(connection, library="population", rows="population_defect", kinds=_KINDS),
        *measure_defects(
            connection, library="population", rows="shared_number_pair", kinds=(_SHARED,)
        ),
    )


_RECORD = f"""
create or replace temp table population_defect as
with damaged as (
    select
        record.*,
        {SAYS_A_NAME_ONLY} as says_a_name_only,
        unnest(string_split(record.defects, ',')) as defect,
    from expected_record as record
    where record.library_code = 'population'
        and record.person_id is not null
        and coalesce(record.defects, '') <> ''
),
linked as (
    select
        damaged.*,
        link.person_key,
        key_person.person_id as key_person_id,
        doubtful.source_key is not null as is_listed,
        held_person.person_id is not null as is_held,
    from damaged
    left join held_person using (person_id)
    left join population.link_person_source as link
        using (system_code, table_code, source_key, role_code)
    left join key_person on link.person_key = key_person.person_key
    left join quality.population__doubtful_identity as doubtful
        using (system_code, table_code, source_key, role_code)
)
select
    linked.defect,
    case
        when linked.person_key is null then 'none'
        when linked.key_person_id = linked.person_id then 'right'
        else 'wrong'
    end as outcome,
    linked.is_held,
    linked.says_a_name_only,
    linked.person_key is null and linked.is_listed as is_set_aside,
    trim(person.name) is not distinct from trim(truth.name) as is_name_right,
    person.birth_date is not distinct from truth.birth_date as is_birth_right,
    person.sex_code is not distinct from truth.sex_code as is_sex_right,
    trim(person.address) is not distinct from trim(truth.address) as is_address_right,
    person.phone is not distinct from truth.phone as is_phone_right,
    person.division_code in (
        select division_code from shared.code_division where valid_to is null
    ) as is_division_in_force,
    linked.system_code || '.' || linked.table_code || ' '
    || left(linked.source_key, 4) || '…' || right(linked.source_key, 2)
    || case
        when linked.person_key is null and not linked.is_listed then ': lost'
        when linked.person_key is null then ': found nobody, listed'
        when linked.key_person_id = linked.person_id then ': his, but the golden value is not right'
        else ': became another person''s'
    end as example,
from linked
inner join city_truth.person as truth on linked.person_id = truth.person_id
left join population.entity_person as person on linked.person_key = person.person_key
"""

_PAIR = """
create or replace temp table shared_number_pair as
with bearer as (
    select person_id, min(person_key) as person_key, count(*) as keys
    from key_person
    group by person_id
)
select
    'number_shared' as defect,
    first.person_key is not null
        and second.person_key is not null
        and first.person_key <> second.person_key
        and first.keys = 1
        and second.keys = 1 as is_split,
    false as is_set_aside,
    'pair ' || pair.pair_no
    || case when pair.is_hidden then ', one unknown to the police' else '' end as example,
from city_truth.number_shared as pair
left join bearer as first on pair.first_person_id = first.person_id
left join bearer as second on pair.second_person_id = second.person_id
"""
