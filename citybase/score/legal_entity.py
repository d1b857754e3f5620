"""The legal-entity library against the truth: is a key one organisation, is it found uncoded.

Leaves the temporary tables ``key_organisation`` (entity_key, organisation_id) and
``held_organisation`` (organisation_id, is_known_by_code) for the licences. Relations, people and
states are in ``legal_entity_link.py``.
"""

import duckdb

from citybase.score.expected import expect
from citybase.score.figure import Figure, measure
from citybase.score.legal_entity_link import score_legal_entity_links

KEY_GOAL = 0.999
KNOWN_GOAL = 0.999
# A record that says too little of itself to be found is given a key of its own.
TRUE_GOAL = 0.995
# One wrong merge in two hundred searches is what a steward's list of ambiguous ones saves us from.
SEARCH_PRECISION_GOAL = 0.995
# The rest says too little of itself: a new name or address besides the missing code.
SEARCH_RECALL_GOAL = 0.9
TOLD_GOAL = 0.999


def score_legal_entity(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Entity key, organisations known, search, and the figures of ``legal_entity_link.py``.

    Needs ``key_person`` and ``held_person``.

    * ``entity_key``: over the records that carry a valid code of their organisation (credit code,
      organisation code or registration number), that have come and can be read. Right when key and
      organisation stand for each other alone, over these records.
    * ``organisation_known``: over the organisations such a record is about. Right when the library
      has it.
    * ``organisation_true``: over the rows of ``entity_organisation``. Right when it is an
      organisation of the truth, and its first key.
    * ``search_found``: over the readable records without a valid code whose organisation is known
      by another record. Right when they are given its key.
    * ``search``: over those of them that were given a key. Right when it is that of their
      organisation.
    * ``search_told``: over all readable records without a valid code. Right when it was given the
      first key of an organisation or is on the stewards' list: nothing is lost.
    """
    expect(connection)
    for statement in (_RECORD, _KEY_ORGANISATION, _HELD_ORGANISATION, _KEY_BEARER, _SOUGHT):
        connection.execute(statement)
    return (
        measure(
            connection, library="legal_entity", code="entity_key", goal=KEY_GOAL, rows=_ENTITY_KEY
        ),
        measure(
            connection,
            library="legal_entity",
            code="organisation_known",
            goal=KNOWN_GOAL,
            rows=_ORGANISATION_KNOWN,
        ),
        measure(
            connection,
            library="legal_entity",
            code="organisation_true",
            goal=TRUE_GOAL,
            rows=_ORGANISATION_TRUE,
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
        measure(
            connection,
            library="legal_entity",
            code="search_told",
            goal=TOLD_GOAL,
            rows=_SEARCH_TOLD,
        ),
        *score_legal_entity_links(connection),
    )


_RECORD = """
create or replace temp table organisation_record as
select
    record.organisation_id,
    record.system_code,
    record.table_code,
    record.source_key,
    record.defects,
    link.entity_key,
from expected_record as record
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
where record.library_code = 'legal_entity'
    and record.organisation_id is not null
    and record.has_valid_number
    and record.role_code = 'self'
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

# A key made of records without a valid code is whose most of its records are.
_KEY_BEARER = """
create or replace temp table key_bearer_organisation as
with counted as (
    select
        link.entity_key,
        record.organisation_id,
        count(*) filter (where record.has_valid_number) as coded,
        count(*) as records,
    from legal_entity.link_entity_source as link
    inner join city_truth.record as record using (system_code, table_code, source_key)
    where record.organisation_id is not null and record.role_code = 'self'
    group by link.entity_key, record.organisation_id
),
ranked as (
    select
        *,
        row_number() over (
            partition by entity_key order by coded desc, records desc, organisation_id
        ) as place,
    from counted
)
select
    entity_key,
    organisation_id,
    row_number() over (
        partition by organisation_id order by coded desc, records desc, entity_key
    ) as place_of_key,
from ranked
where place = 1
"""

_ORGANISATION_KNOWN = """
select
    count(entity.entity_key) > 0 as is_right,
    'organisation ' || held_organisation.organisation_id || ': not in the library' as example,
from held_organisation
left join key_organisation using (organisation_id)
left join legal_entity.entity_organisation as entity
    on key_organisation.entity_key = entity.entity_key
group by held_organisation.organisation_id
"""

# Of a record that has gone since the last file the truth knows nothing any more.
_ORGANISATION_TRUE = """
select
    bearer.place_of_key = 1 as is_right,
    'organisation key …' || right(entity.entity_key::varchar, 4) || case
        when bearer.entity_key is null then ': no record speaks of such an organisation'
        else ': has another key'
    end as example,
from legal_entity.entity_organisation as entity
left join key_bearer_organisation as bearer on entity.entity_key = bearer.entity_key
where bearer.entity_key is not null
    or entity.entity_key not in (
        select link.entity_key
        from legal_entity.link_entity_source as link
        semi join undelivered_record using (system_code, table_code, source_key)
        where link.entity_key is not null
    )
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
from expected_record as record
semi join held_organisation on record.organisation_id = held_organisation.organisation_id
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
left join key_organisation as known on link.entity_key = known.entity_key
where record.library_code = 'legal_entity'
    and not record.has_valid_number
    and record.role_code = 'self'
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

_SEARCH_TOLD = """
select
    coalesce(bearer.place_of_key = 1, false) or doubtful.source_key is not null as is_right,
    record.system_code || '.' || record.table_code || ' '
    || left(record.source_key, 4) || '…' || right(record.source_key, 2) || ': lost' as example,
from expected_record as record
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
left join key_bearer_organisation as bearer on link.entity_key = bearer.entity_key
left join quality.legal_entity__doubtful_identity as doubtful
    on record.system_code = doubtful.system_code
    and record.table_code = doubtful.table_code
    and record.source_key = doubtful.source_key
where record.library_code = 'legal_entity'
    and record.organisation_id is not null
    and not record.has_valid_number
    and record.role_code = 'self'
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
