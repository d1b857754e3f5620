"""The e-licence library against the truth: holders, versions, operations, computed state.

What is expected is worked out here from what happened in the city (issue, renewal, death, end of a
company, calendar), never from what the library holds; only what the end of a holder means is read
from the table of licence types. Leaves the temporary tables ``licence_record`` and
``licence_holder`` for ``defect_licence.py``, which says what became of each kind of damage.
"""

import datetime as dt

import duckdb

from citybase.score.figure import Figure, measure

HOLDER_GOAL = 0.999
STATE_GOAL = 1.0
VERSION_GOAL = 1.0
OPERATION_GOAL = 0.999


def score_licence(connection: duckdb.DuckDBPyConnection, as_of: dt.date) -> tuple[Figure, ...]:
    """Holders, current versions, operations and computed states on ``as_of``.

    * ``holder``: over every holder of every record. When his code is written, is his own and is
      valid, and some readable record of him is in the libraries, right is that his key is among
      the licence's holders; else right is that the licence names no stranger. A licence that still
      bears a name its holder gave up elsewhere, so that no register here tells of the change, looks
      like one under the number of another: there too nobody is right (``defect_licence.py`` counts
      them).
    * ``holder_count``: over the records. Right when as many holders were taken apart as there are.
    * ``current_version``: over the records with a well-formed identifier. Right when the current
      version of a licence is the last that was issued, and no other is.
    * ``operation``: over the operations on record but those that follow an impossible one. Right
      when the impossible are called so and no other is.
    * ``computed_state``: over the records whose holders are all so identified and whose identifier
      is well formed. Left out are holders who ended without any readable record that says so: no
      library can know. Goal: all of them.
    """
    for statement in (
        _REPORTED_DEATH,
        _REPORTED_END,
        _UNREPORTED_NAME,
        _STRANGER,
        _HOLDER,
    ):
        connection.execute(statement)
    connection.execute(_RECORD, {"as_of": as_of})
    figures = (
        ("holder", HOLDER_GOAL, _HOLDER_FIGURE),
        ("holder_count", HOLDER_GOAL, _COUNT_FIGURE),
        ("current_version", VERSION_GOAL, _VERSION_FIGURE),
        ("operation", OPERATION_GOAL, _OPERATION_FIGURE),
        ("computed_state", STATE_GOAL, _STATE_FIGURE),
    )
    return tuple(
        measure(connection, library="licence", code=code, goal=goal, rows=rows)
        for code, goal, rows in figures
    )


_REPORTED_DEATH = """
create or replace temp table reported_death as
select distinct person_id
from told_record
where tells_death and has_valid_number
"""

# Tables whose codes have a word for that end: a revoked one is 非正常 or 暂停 to taxation,
# insurance and statistics; collectives, unions and sites are listed without a state.
_REPORTED_END = """
create or replace temp table reported_end as
select distinct organisation_id
from told_record as record
inner join city_truth.organisation as truth using (organisation_id)
where record.has_valid_number
    and record.role_code = 'self'
    and coalesce(record.defects, '') not like '%status_old%'
    and (
        record.table_code in ('enterprise', 'social_organisation', 'law_firm', 'merchant')
        or (
            truth.status_code = '4'
            and record.table_code in (
                'institution', 'committee', 'taxpayer', 'insured_unit', 'unit'
            )
        )
    )
"""

_UNREPORTED_NAME = """
create or replace temp table unreported_name as
select person_id, max(valid_to) as changed_date
from city_truth.person_name
where valid_to is not null
    and person_id not in (
        select person_id
        from told_record
        where person_id is not null and table_code = 'name_change'
    )
group by person_id
"""

# Per record: whom the library names, and how many of them the truth does not know there. People and
# organisations are joined apart: a join on either of two columns compares every pair.
_STRANGER = """
create or replace temp table named_holder as
with true_person as (
    select distinct system_code, source_key, person_id from city_truth.licence_holder
),
true_organisation as (
    select distinct system_code, source_key, organisation_id from city_truth.licence_holder
)
select
    source.system_code,
    source.source_key,
    key_person.person_id,
    key_organisation.organisation_id,
    true_person.person_id is null and true_organisation.organisation_id is null as is_stranger,
from licence.link_licence_source as source
inner join licence.link_licence_holder as holder on source.licence_key = holder.licence_key
left join key_person on holder.person_key = key_person.person_key
left join key_organisation on holder.entity_key = key_organisation.entity_key
left join true_person
    on source.system_code = true_person.system_code
    and source.source_key = true_person.source_key
    and key_person.person_id = true_person.person_id
left join true_organisation
    on source.system_code = true_organisation.system_code
    and source.source_key = true_organisation.source_key
    and key_organisation.organisation_id = true_organisation.organisation_id
where holder.person_key is not null or holder.entity_key is not null
"""

# The first code of a licence with too few codes is the one that was lost.
_HOLDER = """
create or replace temp table licence_holder as
with named as (
    select
        system_code,
        source_key,
        list(distinct person_id) as people,
        list(distinct organisation_id) as organisations,
        bool_or(is_stranger) as has_stranger,
    from named_holder
    group by system_code, source_key
)
select
    holder.*,
    licence.defects as licence_defects,
    coalesce(licence.valid_from < unreported_name.changed_date, false) as is_name_unreported,
    source.source_key is not null as is_in_library,
    case
        when holder.person_id is not null then held_person.person_id is not null
        else coalesce(held_organisation.is_known_by_code, false)
    end
        and holder.has_valid_code
        and not (holder.place = 0 and licence.defects like '%holder_count_mismatch%')
        and not regexp_matches(licence.defects, 'holder_code_unknown')
        and not is_name_unreported as is_expected,
    coalesce(held_organisation.is_known_by_code = false, false) as is_half_known,
    coalesce(
        list_contains(named.people, holder.person_id)
        or list_contains(named.organisations, holder.organisation_id),
        false
    ) as is_found,
    coalesce(named.has_stranger, false) as has_stranger,
    reported_death.person_id is not null or reported_end.organisation_id is not null
        as is_end_reported,
from city_truth.licence_holder as holder
inner join city_truth.licence as licence
    on holder.system_code = licence.system_code and holder.source_key = licence.source_key
left join held_person on holder.person_id = held_person.person_id
left join held_organisation on holder.organisation_id = held_organisation.organisation_id
left join reported_death on holder.person_id = reported_death.person_id
left join reported_end on holder.organisation_id = reported_end.organisation_id
left join unreported_name on holder.person_id = unreported_name.person_id
left join licence.link_licence_source as source
    on holder.system_code = source.system_code and holder.source_key = source.source_key
left join named
    on holder.system_code = named.system_code and holder.source_key = named.source_key
"""

_RECORD = """
create or replace temp table licence_record as
with version as (
    select distinct system_code, licence_id, version, valid_from from city_truth.licence
),
begun as (
    select system_code, licence_id, max(version) as newest_begun
    from version
    where coalesce(valid_from <= $as_of, true)
    group by system_code, licence_id
),
newest as (
    select system_code, licence_id, max(version) as newest
    from version
    group by system_code, licence_id
),
held as (
    select
        system_code,
        source_key,
        count(*) as holders,
        count(*) filter (where end_date <= $as_of) as ended_holders,
        bool_and(is_expected) as is_resolvable,
        bool_and(coalesce(end_date > $as_of, true) or is_end_reported) as is_end_known,
    from licence_holder
    group by system_code, source_key
)
select
    licence.*,
    library.licence_key,
    library.computed_state_code,
    library.computed_reason_code,
    library.is_current_version,
    library.holder_count,
    held.holders,
    licence.version = newest.newest as is_newest,
    held.is_resolvable and held.is_end_known and licence.is_well_formed as has_expected_state,
    case
        when licence.stated_state_code <> '01' then licence.stated_state_code
        when licence.version < begun.newest_begun then '05'
        when case coalesce(licence_type.holder_end_code, 'ends_when_all')
            when 'continues' then false
            when 'ends' then held.ended_holders > 0
            else held.ended_holders = held.holders
        end then '05'
        when licence.valid_from > $as_of then '99'
        when licence.valid_to < $as_of then '05'
        else '01'
    end as expected_state_code,
    licence.system_code || ' ' || left(licence.source_key, 4) || '…' || right(licence.source_key, 2)
        as example,
from city_truth.licence as licence
inner join newest using (system_code, licence_id)
left join begun using (system_code, licence_id)
inner join held using (system_code, source_key)
left join licence.code_licence_type as licence_type
    on licence.licence_type_code = licence_type.licence_type_code
left join licence.link_licence_source as source
    on licence.system_code = source.system_code and licence.source_key = source.source_key
left join licence.entity_licence as library on source.licence_key = library.licence_key
"""

_HOLDER_FIGURE = """
select
    is_in_library and not has_stranger and (is_found or not is_expected) as is_right,
    system_code || ' ' || left(source_key, 4) || '…' || right(source_key, 2)
    || case
        when not is_in_library then ': not in the library'
        when has_stranger then ': a stranger among the holders'
        else ': holder not found'
    end as example,
from licence_holder
where not is_half_known
"""

_COUNT_FIGURE = """
select
    holder_count = holders as is_right,
    example || ': ' || coalesce(holder_count::varchar, 'no') || ' holders for ' || holders
        as example,
from licence_record
"""

_VERSION_FIGURE = """
select
    is_current_version = is_newest as is_right,
    example || case
        when licence_key is null then ': not in the library'
        when is_newest then ': the last version is not the current one'
        else ': an older version is called current'
    end as example,
from licence_record
where is_well_formed
"""

_OPERATION_FIGURE = """
with first_impossible as (
    select system_code, licence_source_key, min(operated_at) as operated_at
    from city_truth.licence_operation
    where defects is not null
    group by system_code, licence_source_key
)
select
    library.is_possible = (truth.defects is null) as is_right,
    truth.system_code || ' operation ' || truth.operation_code || ' '
    || left(truth.source_key, 4) || '…' || right(truth.source_key, 2)
    || case
        when library.is_possible is null then ': not replayed'
        when library.is_possible then ': called possible, is ' || truth.defects
        else ': called impossible (' || library.transition_reason_code || ')'
    end as example,
from city_truth.licence_operation as truth
left join first_impossible
    on truth.system_code = first_impossible.system_code
    and truth.licence_source_key = first_impossible.licence_source_key
left join licence.event_operation as library
    on truth.system_code = library.system_code and truth.source_key = library.source_key
where truth.defects is not null
    or coalesce(truth.operated_at <= first_impossible.operated_at, true)
"""

_STATE_FIGURE = """
select
    computed_state_code = expected_state_code as is_right,
    example || ': ' || coalesce(computed_state_code, 'nothing')
    || coalesce(' (' || computed_reason_code || ')', '')
    || ' for ' || expected_state_code as example,
from licence_record
where has_expected_state
"""
