"""The e-licence library against the truth: is the holder found, is the computed state right.

The expected state is worked out here from what happened in the city (issue, renewal, death, end of
a company, calendar), never from what the library holds.
"""

import datetime as dt

import duckdb

from citybase.score.figure import Figure, measure

HOLDER_GOAL = 0.999
STATE_GOAL = 1.0


def score_licence(connection: duckdb.DuckDBPyConnection, as_of: dt.date) -> tuple[Figure, ...]:
    """Holder and computed state on ``as_of``.

    * ``holder``: over all licence records but those that bear the number of another person. When
      the holder's code is his own, is valid, and some readable record of him is in the libraries,
      right is his key; when the code identifies nobody, right is no key.
    * ``computed_state``: over the records whose holder is so identified and whose identifier is
      well formed. Left out are holders who ended without any readable record that says so: no
      library can know. Goal: all of them.
    """
    connection.execute(_REPORTED_DEATH)
    connection.execute(_EXPECTED, {"as_of": as_of})
    return (
        measure(connection, library="licence", code="holder", goal=HOLDER_GOAL, rows=_HOLDER),
        measure(connection, library="licence", code="computed_state", goal=STATE_GOAL, rows=_STATE),
    )


_REPORTED_DEATH = """
create or replace temp table reported_death as
select distinct person_id
from city_truth.record
where tells_death and has_valid_number and is_landable
"""

_EXPECTED = """
create or replace temp table expected_licence as
with told as (
    select
        licence.*,
        case licence.holder_kind_code
            when 'person' then held_person.person_id is not null
            else coalesce(held_organisation.is_known_by_code, false)
        end as is_held,
        held_organisation.organisation_id is not null
            and not held_organisation.is_known_by_code as is_half_known,
        licence.holder_end_date is not null
            and licence.holder_end_date <= $as_of as has_ended,
        case licence.holder_kind_code
            when 'person' then reported_death.person_id is not null
            else true
        end as is_end_reported,
    from city_truth.licence
    left join held_person on licence.person_id = held_person.person_id
    left join held_organisation
        on licence.organisation_id = held_organisation.organisation_id
    left join reported_death on licence.person_id = reported_death.person_id
)
select
    *,
    has_valid_holder and is_held as is_holder_expected,
    case
        when stated_state_code <> '01' then stated_state_code
        when version < last_version then '05'
        when has_ended then '05'
        when valid_from > $as_of then '99'
        when valid_to < $as_of then '05'
        else '01'
    end as expected_state_code,
from told
"""

_HOLDER = """
select
    case
        when expected.is_holder_expected and expected.holder_kind_code = 'person'
            then key_person.person_id = expected.person_id and licence.entity_key is null
        when expected.is_holder_expected
            then key_organisation.organisation_id = expected.organisation_id
                and licence.person_key is null
        else licence.source_key is not null
            and licence.person_key is null and licence.entity_key is null
    end as is_right,
    'licence ' || left(expected.source_key, 4) || '…' || right(expected.source_key, 2)
    || case
        when licence.source_key is null then ': not in the library'
        when not expected.is_holder_expected then ': a holder where the code names nobody'
        when licence.person_key is null and licence.entity_key is null then ': holder not found'
        else ': another holder'
    end as example,
from expected_licence as expected
left join licence.entity_licence as licence
    on expected.system_code = licence.system_code and expected.source_key = licence.source_key
left join key_person on licence.person_key = key_person.person_key
left join key_organisation on licence.entity_key = key_organisation.entity_key
where expected.defects not like '%number_of_another%'
    and not expected.is_half_known
"""

_STATE = """
select
    licence.computed_state_code = expected.expected_state_code as is_right,
    'licence ' || left(expected.source_key, 4) || '…' || right(expected.source_key, 2)
    || ': ' || coalesce(licence.computed_state_code, 'nothing')
    || coalesce(' (' || licence.computed_reason_code || ')', '')
    || ' for ' || expected.expected_state_code as example,
from expected_licence as expected
left join licence.entity_licence as licence
    on expected.system_code = licence.system_code and expected.source_key = licence.source_key
where expected.is_holder_expected
    and expected.is_well_formed
    and (not expected.has_ended or expected.is_end_reported)
"""
