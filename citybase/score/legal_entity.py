"""The legal-entity library against the truth: is a key one organisation, is it found uncoded.

Leaves the temporary tables ``key_organisation`` (entity_key, organisation_id) and
``held_organisation`` (organisation_id, is_known_by_code) for the licences. Relations, people and
states are in ``legal_entity_link.py``.
"""

import duckdb

from citybase.score.figure import Figure, measure
from citybase.score.legal_entity_link import score_legal_entity_links

KEY_GOAL = 0.999
# One wrong merge in two hundred searches is what a steward's list of ambiguous ones saves us from.
SEARCH_PRECISION_GOAL = 0.995
# The rest says too little of itself: a new name or address besides the missing code.
SEARCH_RECALL_GOAL = 0.9


def score_legal_entity(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Entity key, search, and the figures of ``legal_entity_link.py``. Needs ``key_person``.

    * ``entity_key``: over the records that carry a valid code of their organisation (credit code,
      organisation code or registration number) and that can be read. Right when key and
      organisation stand for each other alone, over these records.
    * ``search_found``: over the readable records without a valid code whose organisation is known
      by another record. Right when they are given its key.
    * ``search``: over those of them that were given a key. Right when it is that of their
      organisation.
    """
    for statement in (_RECORD, _KEY_ORGANISATION, _HELD_ORGANISATION, _SOUGHT):
        connection.execute(statement)
    return (
        measure(
            connection, library="legal_entity", code="entity_key", goal=KEY_GOAL, rows=_ENTITY_KEY
        ),
        measure(
            connection,
            library="legal_entity",
            code="search_found",
            goal=SEARCH_RECALL_GOAL,
            rows=_SEARCH,
        ),
        measure(
            connection,
            library="legal_entity",
            code="search",
            goal=SEARCH_PRECISION_GOAL,
            rows=_SEARCH + " where sought.entity_key is not null",
        ),
        *score_legal_entity_links(connection),
    )


# Tables the library takes; branches, shares, successions and licences only refer to organisations.
_RECORD = """
create or replace temp table organisation_record as
select
    record.organisation_id,
    record.system_code,
    record.table_code,
    record.source_key,
    record.defects,
    link.entity_key,
from city_truth.record
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
where record.organisation_id is not null
    and record.has_valid_number
    and record.is_landable
    and record.role_code = 'self'
    and (record.system_code, record.table_code) in (
        select distinct (system_code, table_code) from legal_entity.link_entity_source
    )
"""

_KEY_ORGANISATION = """
create or replace temp table key_organisation as
with counted as (
    select entity_key, organisation_id, count(*) as records
    from organisation_record
    where entity_key is not null
    group by entity_key, organisation_id
),
ranked as (
    select
        *,
        row_number() over (
            partition by entity_key order by records desc, organisation_id
        ) as place,
        count(*) over (partition by entity_key) as organisations_of_key,
        count(*) over (partition by organisation_id) as keys_of_organisation,
    from counted
)
select entity_key, organisation_id, organisations_of_key, keys_of_organisation
from ranked
where place = 1
"""

# A unit known to social security by an old code alone is held, but not by the code on a licence.
_HELD_ORGANISATION = """
create or replace temp table held_organisation as
select
    organisation_id,
    bool_or(defects not like '%old_code%') as is_known_by_code,
from organisation_record
group by organisation_id
"""

# A key the register gave a row of its own, for want of anything better, is no find and no mistake.
_SOUGHT = """
create or replace temp table sought_record as
select
    record.organisation_id,
    record.system_code,
    record.table_code,
    record.source_key,
    case when known.entity_key is not null then link.entity_key end as entity_key,
from city_truth.record
semi join held_organisation on record.organisation_id = held_organisation.organisation_id
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
left join key_organisation as known on link.entity_key = known.entity_key
where not record.has_valid_number
    and record.is_landable
    and record.role_code = 'self'
    and (record.system_code, record.table_code) in (
        select distinct (system_code, table_code) from legal_entity.link_entity_source
    )
"""

_SEARCH = """
select
    key_organisation.organisation_id is not distinct from sought.organisation_id as is_right,
    sought.system_code || '.' || sought.table_code || ' '
    || left(sought.source_key, 4) || '…' || right(sought.source_key, 2)
    || case
        when sought.entity_key is null then ': in no organisation anybody knows'
        else ': in another organisation'
    end as example,
from sought_record as sought
left join key_organisation on sought.entity_key = key_organisation.entity_key
"""

_ENTITY_KEY = """
select
    key_organisation.organisations_of_key = 1
        and key_organisation.keys_of_organisation = 1 as is_right,
    record.system_code || '.' || record.table_code || ' '
    || left(record.source_key, 4) || '…' || right(record.source_key, 2)
    || case
        when record.entity_key is null then ': in no organisation'
        when key_organisation.organisations_of_key > 1
            then ': shares its key with another organisation'
        else ': the organisation has other keys'
    end as example,
from organisation_record as record
left join key_organisation on record.entity_key = key_organisation.entity_key
"""
