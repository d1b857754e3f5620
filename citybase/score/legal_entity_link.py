"""What the legal-entity library says of organisations beyond their keys, against the truth.

Relations to other organisations, people who represent or own them, states and former names. Add a
figure here when a link table is added. Keep out: whose record it is (``legal_entity.py``).
"""

import duckdb

from citybase.score.figure import Figure, measure

# One head office in twenty-five is written by name alone, and companies share names.
HEAD_GOAL = 0.97
# One predecessor in twenty is written by name; the day it ended tells namesakes apart.
SUCCESSOR_GOAL = 0.98
# A number that is its owner's leads to him; what is left is registers that have not heard yet.
REPRESENTATIVE_GOAL = 0.995
SHAREHOLDER_GOAL = 0.995
# A former one is found beside his name in another record of the organisation, where there is one.
FORMER_REPRESENTATIVE_GOAL = 0.99
# Market regulation states it of the day; other registers never hear of one end in a hundred, and of
# an enterprise whose row cannot be read only other departments tell.
STATUS_GOAL = 0.997
NAME_GOAL = 0.99


def score_legal_entity_links(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Head office, successor, representative, shareholders, status, former names.

    Needs the temporary tables of ``legal_entity.py``, ``key_person`` and ``held_person``. Over the
    organisations a readable record is about, by a valid code; one that is missing in the library
    has nothing right:

    * ``head_office``: over branches. Right when ``head_entity_key`` is the head's key; empty when
      no record of the city is about the head.
    * ``successor``: over the rows of the register of successions that can be read. Right when a
      relation of that row leads from the successor to the predecessor.
    * ``representative``: over organisations of whom a record names the representative of today by
      his valid number, and all others that were given one. Right when he is the person given.
    * ``representative_term``: over the terms of representatives that have ended, of organisations
      the register of enterprises tells of. Right when the library has a term that ended that day.
    * ``former_representative``: over terms that have ended and were given a person. Right when he
      served until that day.
    * ``shareholder``, ``shareholder_organisation``: over the shares whose holder is written by a
      valid number, and all others that were given a holder. Right when he is the holder.
    * ``status``: over organisations whose register states a state. Right when it is the state of
      the day.
    * ``former_name``: over changes of name in the register of enterprises. Right when the new name
      is there from that day.
    """
    connection.execute(_ORGANISATION)
    connection.execute(_HOLDER)
    return tuple(
        measure(connection, library="legal_entity", code=code, goal=goal, rows=rows)
        for code, goal, rows in (
            ("head_office", HEAD_GOAL, _HEAD_OFFICE),
            ("successor", SUCCESSOR_GOAL, _SUCCESSOR),
            ("representative", REPRESENTATIVE_GOAL, _REPRESENTATIVE),
            ("representative_term", NAME_GOAL, _REPRESENTATIVE_TERM),
            ("former_representative", FORMER_REPRESENTATIVE_GOAL, _FORMER_REPRESENTATIVE),
            ("shareholder", SHAREHOLDER_GOAL, _SHAREHOLDER),
            ("shareholder_organisation", SHAREHOLDER_GOAL, _SHAREHOLDER_ORGANISATION),
            ("status", STATUS_GOAL, _STATUS),
            ("former_name", NAME_GOAL, _FORMER_NAME),
        )
    )


_ORGANISATION = """
create or replace temp table keyed_organisation as
select
    truth.*,
    entity.entity_key,
    entity.head_entity_key,
    entity.representative_person_key,
    entity.status_code as found_status_code,
    case
        when entity.entity_key is null then 'organisation ' || truth.organisation_id
        else 'organisation …' || right(entity.entity_key::varchar, 4)
    end as who,
from city_truth.organisation as truth
semi join held_organisation on truth.organisation_id = held_organisation.organisation_id
left join key_organisation on truth.organisation_id = key_organisation.organisation_id
left join legal_entity.entity_organisation as entity
    on key_organisation.entity_key = entity.entity_key
"""

_HOLDER = """
create or replace temp table share_holder as
select
    record.source_key,
    record.person_id,
    record.organisation_id,
    record.has_valid_number,
    key_person.person_id as found_person_id,
    key_organisation.organisation_id as found_organisation_id,
    share.holder_person_key,
    share.holder_entity_key,
    'share ' || left(record.source_key, 4) || '…' || right(record.source_key, 2) as who,
    case
        when share.holder_person_key is null and share.holder_entity_key is null
            then ': no holder (' || coalesce(share.reference_grade_code, 'no row') || ')'
        else ': another holder'
    end as what,
from told_record as record
left join legal_entity.link_entity_shareholder as share
    on record.source_key = share.shareholder_no
left join key_person on share.holder_person_key = key_person.person_key
left join key_organisation on share.holder_entity_key = key_organisation.entity_key
where record.table_code = 'shareholder'
    and record.role_code = 'shareholder'
"""

_HEAD_OFFICE = """
select
    branch.entity_key is not null
        and found.organisation_id is not distinct from head.organisation_id
        and (branch.head_entity_key is null) = (head.organisation_id is null) as is_right,
    branch.who || case
        when branch.head_entity_key is null then ': no head office'
        when head.organisation_id is null then ': a head office for one elsewhere'
        else ': another head office'
    end as example,
from keyed_organisation as branch
left join keyed_organisation as head
    on branch.head_organisation_id = head.organisation_id
left join key_organisation as found on branch.head_entity_key = found.entity_key
where branch.head_organisation_id is not null
"""

_SUCCESSOR = """
select
    new_found.organisation_id = new.organisation_id
        and old_found.organisation_id = old.organisation_id as is_right,
    'succession ' || left(new.source_key, 4) || '…' || right(new.source_key, 2) || case
        when relation.related_entity_key is null then ': no predecessor'
        else ': others'
    end as example,
from told_record as new
inner join told_record as old
    on new.source_key = old.source_key
    and old.table_code = 'succession'
    and old.role_code = 'predecessor'
semi join held_organisation as known_new on new.organisation_id = known_new.organisation_id
semi join held_organisation as known_old on old.organisation_id = known_old.organisation_id
left join legal_entity.link_entity_relation as relation
    on new.source_key = relation.source_key
    and relation.relation_code = 'successor_of'
left join key_organisation as new_found on relation.entity_key = new_found.entity_key
left join key_organisation as old_found on relation.related_entity_key = old_found.entity_key
where new.table_code = 'succession'
    and new.role_code = 'successor'
"""

_REPRESENTATIVE = """
with named as (
    select distinct self.organisation_id
    from expected_record as self
    inner join told_record as officer
        on self.system_code = officer.system_code
        and self.table_code = officer.table_code
        and self.source_key = officer.source_key
    inner join city_truth.organisation as truth on self.organisation_id = truth.organisation_id
    semi join held_person on officer.person_id = held_person.person_id
    where self.library_code = 'legal_entity'
        and self.role_code = 'self'
        and self.has_valid_number
        and officer.role_code in ('representative', 'operator')
        and officer.person_id = truth.representative_person_id
        and officer.has_valid_number
)
select
    key_person.person_id is not distinct from organisation.representative_person_id as is_right,
    organisation.who || case
        when organisation.representative_person_key is null then ': nobody'
        else ': somebody else'
    end as example,
from keyed_organisation as organisation
left join named on organisation.organisation_id = named.organisation_id
left join key_person on organisation.representative_person_key = key_person.person_key
where named.organisation_id is not null or organisation.representative_person_key is not null
"""

_REPRESENTATIVE_TERM = """
select
    count(term.entity_key) > 0 as is_right,
    any_value(organisation.who) || ': a change of representative' as example,
from city_truth.organisation_representative as truth
inner join keyed_organisation as organisation
    on truth.organisation_id = organisation.organisation_id
left join legal_entity.link_entity_representative as term
    on organisation.entity_key = term.entity_key and truth.valid_to = term.valid_to
where truth.valid_to is not null
    and truth.organisation_id in (
        select organisation_id
        from expected_record
        where table_code = 'enterprise'
            and role_code = 'self'
            and has_valid_number
            and organisation_id is not null
    )
group by truth.organisation_id, truth.place
"""

_FORMER_REPRESENTATIVE = """
select
    key_person.person_id = truth.person_id as is_right,
    organisation.who || ': somebody else' as example,
from legal_entity.link_entity_representative as term
inner join keyed_organisation as organisation on term.entity_key = organisation.entity_key
left join city_truth.organisation_representative as truth
    on organisation.organisation_id = truth.organisation_id
    and term.valid_to = truth.valid_to
left join key_person on term.person_key = key_person.person_key
where term.valid_to is not null and term.person_key is not null
"""

_SHAREHOLDER = """
select
    found_person_id is not distinct from person_id
        and (holder_person_key is null) = (found_person_id is null) as is_right,
    who || what as example,
from share_holder
where person_id is not null
    and (
        has_valid_number and person_id in (select person_id from held_person)
        or holder_person_key is not null
    )
"""

_SHAREHOLDER_ORGANISATION = """
select
    found_organisation_id is not distinct from organisation_id as is_right,
    who || what as example,
from share_holder
where organisation_id is not null
    and (
        has_valid_number
        and organisation_id in (select organisation_id from held_organisation)
        or holder_entity_key is not null
    )
"""

# Of an end that its register has written, but not delivered yet, the library cannot know.
_STATUS = """
select
    found_status_code = status_code as is_right,
    who || ': ' || coalesce(found_status_code, 'nothing') || ' for ' || status_code as example,
from keyed_organisation
where (
        category_code in ('11', '12', '13', '51', '52', '53', '54', '55', '91', '92', '93')
        or category_code like '3%'
    )
    and organisation_id not in (
        select record.organisation_id
        from city_truth.record as record
        semi join undelivered_record using (system_code, table_code, source_key)
        where record.organisation_id is not null
    )
"""

_FORMER_NAME = """
select
    count(name.entity_key) > 0 as is_right,
    any_value(organisation.who) || ': a name it took' as example,
from city_truth.organisation_name as truth
inner join keyed_organisation as organisation
    on truth.organisation_id = organisation.organisation_id
left join legal_entity.link_entity_name as name
    on organisation.entity_key = name.entity_key
    and truth.name = name.name
    and truth.valid_from = name.valid_from
where truth.place > 1
    and organisation.category_code in ('91', '92', '93')
group by truth.organisation_id, truth.place
"""
