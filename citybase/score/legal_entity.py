"""The legal-entity library against the truth: is a key one organisation.

Leaves the temporary tables ``key_organisation`` (entity_key, organisation_id) and
``held_organisation`` (organisation_id, is_known_by_code) for the licences.
"""

import duckdb

from citybase.score.figure import Figure, measure

KEY_GOAL = 0.999


def score_legal_entity(connection: duckdb.DuckDBPyConnection) -> tuple[Figure, ...]:
    """Entity key.

    ``entity_key``: over the records that carry a valid code of their organisation (credit code,
    organisation code or registration number) and that can be read. Right when key and organisation
    stand for each other alone, over these records.
    """
    connection.execute(_RECORD)
    connection.execute(_KEY_ORGANISATION)
    connection.execute(_HELD_ORGANISATION)
    return (
        measure(
            connection, library="legal_entity", code="entity_key", goal=KEY_GOAL, rows=_ENTITY_KEY
        ),
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
from city_truth.record
left join legal_entity.link_entity_source as link
    on record.system_code = link.system_code
    and record.table_code = link.table_code
    and record.source_key = link.source_key
where record.organisation_id is not null
    and record.has_valid_number
    and record.is_landable
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
