"""Households and relatives against the truth: who lives with whom, whose spouse, whose parent.

Needs the temporary table ``key_person`` (``population.py``). Add a figure when the library keeps
another kind of relatives. Keep out: the day of a marriage (``person_event.py``).
"""

import duckdb

from citybase.score.figure import Figure, measure

KINSHIP_GOAL = 0.995
PARENT_KNOWN_GOAL = 0.99
HOUSEHOLD_GOAL = 0.999


def score_kinship(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Spouses and parents known and true, members of households.

    * ``spouse_known``: over the readable registrations of marriage with a valid number of each
      party. Right when the two are linked as spouses, former ones included.
    * ``parent_known``: over the pairs of parent and child that a source tells: a birth certificate
      with the parent's valid number, of a child the police register knows, or a household of the
      register with the valid numbers of head and child, or head and parent. Right when linked. The
      certificate bears no number of the child, who has to be found by name, day and parents.
    * ``kinship_true``: over the library's spouses and parents of known people. Right when the truth
      has them so.
    * ``household``: over the rows of the police register with a valid number. Right when the person
      is a member of the household most of whose members are those of his own.
    """
    connection.execute(_TRUE_PARENT)
    connection.execute(_KNOWN_KINSHIP)
    return tuple(
        measure(connection, library="population", code=code, goal=goal, rows=rows)
        for code, goal, rows in (
            ("spouse_known", KINSHIP_GOAL, _SPOUSE_KNOWN),
            ("parent_known", PARENT_KNOWN_GOAL, _PARENT_KNOWN),
            ("kinship_true", KINSHIP_GOAL, _KINSHIP_TRUE),
            ("household", HOUSEHOLD_GOAL, _HOUSEHOLD),
        )
    )


# Children of a couple live in its household at first; a grandparent there is the husband's parent.
_TRUE_PARENT = """
create or replace temp table true_parent as
with child as (
    select person_id, couple_id
    from city_truth.person
    where family_role in ('child_1', 'child_2')
)
select child.person_id, couple.husband_id as parent_id
from child
inner join city_truth.couple as couple on child.couple_id = couple.couple_id
where couple.husband_id is not null
union all
select child.person_id, couple.wife_id
from child
inner join city_truth.couple as couple on child.couple_id = couple.couple_id
where couple.wife_id is not null
union all
select husband.person_id, grandparent.person_id
from city_truth.person as husband
inner join city_truth.person as grandparent on husband.couple_id = grandparent.couple_id
where husband.family_role = 'husband'
    and grandparent.family_role in ('grandfather', 'grandmother')
"""

_KNOWN_KINSHIP = """
create or replace temp table known_kinship as
select distinct
    key_person.person_id,
    relative.person_id as relative_id,
    kinship.kinship_code,
from population.link_kinship as kinship
inner join key_person on kinship.person_key = key_person.person_key
inner join key_person as relative on kinship.relative_person_key = relative.person_key
where kinship.kinship_code in ('10', '50')
"""

_SPOUSE_KNOWN = """
select
    known.person_id is not null as is_right,
    'registration ' || left(male.source_key, 9) || '…' || right(male.source_key, 2)
    || ': no spouses' as example,
from told_record as male
inner join told_record as female
    on male.system_code = female.system_code
    and male.table_code = female.table_code
    and male.source_key = female.source_key
    and female.role_code = 'female'
left join known_kinship as known
    on male.person_id = known.person_id
    and female.person_id = known.relative_id
    and known.kinship_code = '10'
where male.table_code = 'marriage_registration'
    and male.role_code = 'male'
    and male.has_valid_number
    and female.has_valid_number
"""

_PARENT_KNOWN = """
with registered as (
    select record.person_id, person.household_id, person.relation_code
    from told_record as record
    inner join city_truth.person as person on record.person_id = person.person_id
    where record.system_code = 'household_register'
        and record.table_code = 'resident'
        and record.has_valid_number
),
certified as (
    select newborn.person_id, parent.person_id as parent_id
    from told_record as newborn
    inner join registered on newborn.person_id = registered.person_id
    inner join told_record as parent
        on newborn.system_code = parent.system_code
        and newborn.table_code = parent.table_code
        and newborn.source_key = parent.source_key
        and parent.role_code in ('mother', 'father')
    where newborn.table_code = 'birth_certificate'
        and newborn.role_code = 'newborn'
        and parent.has_valid_number
),
housed as (
    select true_parent.person_id, true_parent.parent_id
    from true_parent
    inner join registered as child on true_parent.person_id = child.person_id
    inner join registered as parent on true_parent.parent_id = parent.person_id
    where child.household_id = parent.household_id
        and '02' in (child.relation_code, parent.relation_code)
),
told as (
    from certified
    union
    from housed
)
select
    known.person_id is not null as is_right,
    'parent ' || told.parent_id || ' of person ' || told.person_id || ': not linked' as example,
from told
left join known_kinship as known
    on told.person_id = known.person_id
    and told.parent_id = known.relative_id
    and known.kinship_code = '50'
"""

_KINSHIP_TRUE = """
with true_kinship as (
    select '10' as kinship_code, husband_id as person_id, wife_id as relative_id
    from city_truth.couple
    union
    select '10', wife_id, husband_id
    from city_truth.couple
    union
    select '50', person_id, parent_id
    from true_parent
)
select
    true_kinship.person_id is not null as is_right,
    'person ' || known.relative_id || ' is no '
    || case known.kinship_code when '10' then 'spouse' else 'parent' end
    || ' of person ' || known.person_id as example,
from known_kinship as known
left join true_kinship
    on known.kinship_code = true_kinship.kinship_code
    and known.person_id = true_kinship.person_id
    and known.relative_id = true_kinship.relative_id
"""

_HOUSEHOLD = """
with member as (
    select key_person.person_id, link.household_no, person.household_id
    from population.link_household_member as link
    inner join key_person on link.person_key = key_person.person_key
    inner join city_truth.person as person on key_person.person_id = person.person_id
    where link.basis_code = 'household_register'
),
counted as (
    select household_no, household_id, count(*) as members
    from member
    group by household_no, household_id
),
home as (
    select household_no, max_by(household_id, (members, -household_id)) as household_id
    from counted
    group by household_no
)
select
    coalesce(bool_or(home.household_id = person.household_id), false) as is_right,
    'person ' || record.person_id
    || case
        when count(member.person_id) = 0 then ': in no household'
        else ': in another household'
    end as example,
from told_record as record
inner join city_truth.person as person on record.person_id = person.person_id
left join member on record.person_id = member.person_id
left join home on member.household_no = home.household_no
where record.system_code = 'household_register'
    and record.table_code = 'resident'
    and record.has_valid_number
group by record.person_id
"""
