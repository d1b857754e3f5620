"""Licences: what was issued to whom, version by version, as the issuing systems recorded it.

Creates ``source.<system>__licence`` and, with ``licence_operations``, ``source.<system>__operation``
for every system of the shape ``e_licence``; underscore columns are the truth about each record. Add
here what happens to licences. Keep out: the types (``licence_types.py``), who holds what
(``licence_holders.py``), the log (``licence_operations.py``) and the state a licence is in on a
given day: that is computed by the product and, independently, by the score.

A chain is one licence with its versions. Everything about it is drawn by its id, so that renewals
after the base day only append versions and close the one before. Sources: GB/T 36904-2018
(identifier), GB/T 36903-2018 annex A (holder code types), the state and operation lists of a
ministry (states 01 to 07 and 99, operations 01 to 10).
"""

import duckdb

from sources.simulator.licence_holders import find_holders, find_issuers
from sources.simulator.licence_operations import log_operations
from sources.simulator.licence_types import SYSTEMS, LicenceSystem, create_licence_types

# So many people are served in one round.
_SMALL_CITY = 1_000_000


def issue_licences(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of licences and operations. Needs people and organisations."""
    create_licence_types(connection)
    find_issuers(connection)
    connection.execute(
        "create or replace temp macro identifier_of(stem, state, n) as"
        " stem || lpad(n::varchar, 3, '0') || '.' || licence_check(after_3_digits(state, n))"
    )
    people = connection.execute("select count(*) from person").fetchone()
    assert people is not None  # noqa: S101 - an aggregate has one row
    # planning costs more than a small system's rows, a wide table of all systems too much memory
    batches = [SYSTEMS] if int(people[0]) < _SMALL_CITY else [(system,) for system in SYSTEMS]
    for batch in batches:
        find_holders(connection, batch)
        connection.execute(_LICENCE)
        for system in batch:
            connection.execute(_system_sql(system))
            log_operations(connection, system)
    connection.execute("drop table licence_batch")


def _serial_state(prefix: str, code: str) -> str:
    """The check state after prefix and serial; digits in plain arithmetic, hex the slow way."""
    return f"""case style
            when '9' then after_9_digits({prefix}, serial_number)
            when '12' then after_12_digits({prefix}, serial_number)
            when '15' then after_15_digits({prefix}, serial_number)
            when 'letters' then after_10_letters({prefix}, serial_number)
            else licence_state_of(ended.licence_type_code || {code} || hex_serial)
        end"""


# One row per licence: when it began, how often it was renewed, how it ended. ``closed_date`` is the
# day of an end after the base day; what ended before it has ``stated`` of 945 and more.
_CHAIN = f"""
described as (
    select
        held.* exclude (holder_kind, person_id, organisation_id, eligible_date),
        type.* exclude (type_no, stem, body, whole_stem, serial),
        coalesce(held.person_id, joint.person_id) as person_id,
        coalesce(held.organisation_id, joint.organisation_id) as organisation_id,
        case when joint.holders > 1 then 'joint' when joint.person_id is not null then 'person'
            when joint.licence_id is not null then 'organisation'
            else holder_kind end as holder_kind,
        joint.licence_id is not null as is_joint,
        case
            when joint.licence_id is not null then joint.end_date
            when held.person_id is not null then coalesce(person.death_date, death.event_date)
            else organisation.ended_date
        end as holder_end_date,
        coalesce(greatest(held.eligible_date, joint.youngest_birth + 30), held.eligible_date)
            as eligible_date,
        person.birth_date,
        organisation.founded_date,
        below(licence_id, 'stated', 1000) as stated,
        case
            when joint.licence_id is not null then null
            when held.person_id is not null then person.number_kind
            when organisation.uscc is not null then 'uscc'
            else 'other'
        end as number_kind,
        coalesce(
            person.number,
            organisation.uscc,
            organisation.registration_number,
            organisation.former_registration_number,
            organisation.organisation_code
        ) as full_code,
        coalesce(joint.names, person.name, organisation.name_a) as full_name,
        person.number_otherwise,
        person.number_date,
        person.name_otherwise,
        person.name_date,
        person.other_number,
        person.has_shared_number,
        organisation.name_b,
        organisation.name_c,
        organisation.name_date_1,
        organisation.name_date_2,
        joint.codes,
        joint.code_types,
        joint.is_one_type,
        joint.holders as joint_holders,
        joint.has_valid_code as joint_is_valid,
        joint.defects as joint_defects,
    from held
    inner join system_type as type on held.type_no = type.type_no
    left join joint_licence as joint using (licence_id)
    left join person_life as person
        on coalesce(held.person_id, joint.person_id) = person.person_id
    left join death on held.person_id = death.person_id
    left join organisation
        on coalesce(held.organisation_id, joint.organisation_id) = organisation.organisation_id
    where held.holder_kind <> 'joint' or joint.licence_id is not null
),
begun as (
    select
        *,
        case
            when draw >= per_million
                then getvariable('today') + 1 + ((draw - per_million) // daily)::integer
            when founded_date is not null
                then founded_date + 1 + below(licence_id, 'first', 20)::integer
            else eligible_date + below(
                licence_id, 'first', greatest(1, getvariable('today') - eligible_date)
            )::integer
        end as first_date,
        chance(licence_id, 'by change', 90000) as is_by_change,
        case when stated < 945 and (years > 0 or holders in ('owners', 'market', 'married'))
            then day_after_base(licence_id, 'closed later', 60) end as closed_later,
    from described
),
stepped as (
    select
        * exclude (stated),
        case when first_date > getvariable('today') then 0 else stated end as stated,
        case
            when type_no <> 1 then years
            when first_date - birth_date < 9490 then 10
            when first_date - birth_date < 16800 then 20
            else 0
        end as first_years,
        case
            when is_by_change then 100 + below(licence_id, 'change step', 1500)
            when first_years > 0
                then (first_years * 365.25)::integer - below(licence_id, 'early', 40)
        end::integer as step_days,
        case when step_days is null then 1
            else [1, 2, 2, 4, 4, 4, 4, 6][1 + below(licence_id, 'renews', 8)] end as most_versions,
        case when closed_later > first_date then closed_later end as closed_date,
        case style
            when '9' then (base_id * 777767 + 1234567) % 1000000000
            when '12' then (base_id * 77777677 + 4321) % 1000000000000
            when '15' then (base_id * 777776773 + 98765) % 1000000000000000
            when 'letters' then (base_id * 234567891 + 55511) % 3656158440062976
        end as serial_number,
        case when style = 'hex' then upper(md5('serial' || mix(licence_id, 'hex')::varchar)) end
            as hex_serial,
    from begun
    where first_date <= coalesce(holder_end_date, first_date)
        and first_date <= getvariable('now')
),
based as (
    select
        *,
        case when step_days is null then 1
            else least(
                most_versions,
                1 + greatest(0, least(getvariable('today'), holder_end_date) - first_date)
                    // step_days
            ) end as base_version,
        -- what cannot have happened: to last versions that were on file for a while
        case
            when stated < 945 and chance(licence_id, 'impossible', 6000)
                and first_date + ((base_version - 1) * coalesce(step_days, 0))::integer
                    < getvariable('today') - 90
                then ['operation_after_cancellation', 'renewal_of_cancelled',
                    'release_without_suspension', 'issued_twice', 'operation_before_issue']
                    [1 + below(licence_id, 'which impossible', 5)]
        end as impossible_story,
        coalesce(
            impossible_story in ('operation_after_cancellation', 'renewal_of_cancelled'), false
        ) as is_cancelled_oddly,
    from stepped
),
ended as (
    select
        * exclude (closed_date),
        case when not is_cancelled_oddly then closed_date end as closed_date,
        -- an ended chain is not renewed
        least(
            case when stated >= 945 or is_cancelled_oddly then getvariable('today')
                else getvariable('now') end,
            holder_end_date,
            case when not is_cancelled_oddly then closed_date end
        ) as last_day,
        case when step_days is null then 1
            else least(most_versions, 1 + (last_day - first_date) // step_days) end as last_version,
        chance(licence_id, 'issuer by division', 15000) as is_by_division,
        former_code is not null and chance(licence_id, 'old seal', 2000) as has_old_seal,
        moves and chance(licence_id, 'moved in', 12000) as is_moved_in,
        case when chance(licence_id, 'gap', 15000) then 1 + below(licence_id, 'gap place', 2) end
            as gap_version,
        chance(licence_id, 'fork', 6000) as is_forked,
        chance(licence_id, 'resent', 2000) as is_resent,
        case style
            when 'letters' then letters_10(serial_number)
            when 'hex' then hex_serial
            else lpad(serial_number::varchar, style::integer, '0')
        end as serial,
    from based
),
chain as (
    select
        ended.*,
        issuer.issuer_id,
        issuer.issuer_name,
        issuer.former_id,
        issuer.former_name,
        '1.2.156.3005.2.' || ended.licence_type_code || '.' as stem,
        case when is_by_division then issuer.division_code else issuer.issuer_code end
            || '.' || serial || '.' as issuer_part,
        issuer.former_code || '.' || serial || '.' as former_part,
        issuer.elsewhere_code || '.' || serial || '.' as elsewhere_part,
        case when is_by_division then issuer.division_code else issuer.issuer_code end as issuer_code,
        issuer.former_code as former_issuer_code,
        case
            when is_by_division
                then {_serial_state("issuer.division_state", "issuer.division_code")}
            else {_serial_state("issuer.issuer_state", "issuer.issuer_code")}
        end as serial_state,
        case
            when issuer.former_code is not null and not is_by_division
                and (first_date < reform_date or has_old_seal)
                then {_serial_state("issuer.former_state", "issuer.former_code")}
        end as former_serial_state,
        case when is_moved_in
            then {_serial_state("issuer.elsewhere_state", "issuer.elsewhere_code")} end
            as elsewhere_serial_state,
    from ended
    inner join issuer
        on ended.type_no = issuer.type_no
        and case when is_city_level then -1 else coalesce(ended.county_no, 0) end = issuer.county_no
),
"""
# One row per version on file: a missing version (gap) is left out when a later one is on file on
# the base day; a fork claims the version before the one before.
_VERSION = """
spread as (
    -- twice the version, and one more for a copy: unnesting a list is cheaper than joining numbers
    select
        *,
        unnest(list_concat(
            case when is_resent then [2, 3] else [2] end, range(4, 2 * last_version + 1, 2)
        )) as spot,
    from chain
),
numbered as (
    select
        * exclude (spot),
        spot // 2 as version,
        licence_id * 8 + version - 1 as _row,
        spot % 2 as copy,
        first_date + ((version - 1) * coalesce(step_days, 0))::integer as issued_date,
        version = last_version as is_last,
        case when version < last_version then first_date + (version * step_days)::integer end
            as next_date,
    from spread
    where gap_version is null or version <> gap_version or version >= base_version
),
issued as (
    select
        *,
        coalesce(has_old_seal or issued_date < reform_date, false)
            and former_serial_state is not null as is_former,
        case when is_forked and version = 3 and base_version >= 3 then 1
            when version > 1 then version - 1 end as previous_version,
        version > 1 and gap_version = version - 1 and base_version >= version as is_after_gap,
    from numbered
),
identified as (
    select
        *,
        previous_version is not null and former_serial_state is not null and (
            has_old_seal
            or first_date + ((previous_version - 1) * step_days)::integer < reform_date
        ) as is_previous_former,
        identifier_of(
            stem || case when is_former then former_part else issuer_part end,
            case when is_former then former_serial_state else serial_state end,
            version
        ) as true_identifier,
    from issued
),
version as (
    select
        *,
        case
            when previous_version is not null then identifier_of(
                stem || case when is_previous_former then former_part else issuer_part end,
                case when is_previous_former then former_serial_state else serial_state end,
                previous_version
            )
            when is_moved_in then identifier_of(stem || elsewhere_part, elsewhere_serial_state, 1)
        end as previous_identifier,
        case
            when type_no <> 1 then first_years
            when issued_date - birth_date < 9490 then 10
            when issued_date - birth_date < 16800 then 20
            else 0
        end as version_years,
        case
            when type_no = 4 and chance(_row, 'no start', 300000) then null
            else issued_date + case when chance(_row, 'starts later', 50000)
                then below(_row, 'start', 30)::integer else 0 end
        end as valid_from,
        case
            when most_versions > 1 or copy = 1 then null
            when chance(_row, 'wrong check', 3000) then 'identifier_wrong_check'
            when chance(_row, 'no identifier', 1100) then 'identifier_missing'
            when chance(_row, 'short identifier', 800) then 'identifier_cut'
        end as identifier_defect,
        case when version = base_version then impossible_story end as impossible,
        case
            when next_date is not null then case when below(_row, 'stated', 1000) < 700 then '05'
                else '01' end
            when impossible in ('operation_after_cancellation', 'renewal_of_cancelled') then '04'
            when stated >= 945 then case
                when stated < 953 then '02'
                when stated < 957 then '03'
                when stated < 975 then '04'
                when stated < 982 then '05'
                when stated < 986 then '06'
                when stated < 995 then '07'
                else '99'
            end
            when closed_date is not null
                then ['04', '04', '04', '02', '07', '03'][1 + below(licence_id, 'closed how', 6)]
            else '01'
        end as stated_state_code,
        case
            when stated_state_code = '01' then null
            when next_date is not null then next_date
            when impossible is not null and is_cancelled_oddly then null
            when closed_date is not null then closed_date
            else issued_date + 1 + below(
                _row, 'state day', greatest(1, getvariable('today') - issued_date - 1)
            )::integer
        end as state_date,
    from identified
),
"""


_LICENCE = f"""
create or replace temp table licence_batch as
with {_CHAIN}
{_VERSION}
named as (
    select
        * exclude (full_code, full_name),
        case when number_date is not null
            then paper_on(full_code, number_otherwise, number_date, issued_date)
            else full_code end as full_code,
        case
            when is_joint then full_name
            when name_date is not null
                then paper_on(full_name, name_otherwise, name_date, issued_date)
            else in_time(issued_date, name_date_1, name_date_2, full_name, name_b, name_c)
        end as holder_name,
        case when not is_joint and number_date is not null then paper_state(
            full_code, number_otherwise, number_date, issued_date, 'number_former'
        ) end as number_state,
        case when version_years > 0
            then coalesce(valid_from, issued_date) + (version_years * 365.25)::integer - 1
        end as valid_to,
    from version
),
faulty as (
    select
        *,
        case
            when is_joint then case when joint_holders > 1 and chance(_row, 'codes lost', 3000)
                then 'holder_count_mismatch' end
            when holder_kind = 'person' then coalesce(
                number_defect(
                    _row, 'licence', full_code, other_number, number_kind, birth_date, 3000
                ),
                case when chance(_row, 'no papers', 1500) then 'holder_code_unknown' end
            )
            when chance(_row, 'no papers', 4000) then 'holder_code_unknown'
            when chance(_row, 'wrong code', 3000) and length(full_code) = 18
                then 'code_digit_typo'
        end as _number_defect,
        case
            when is_joint then null
            when holder_kind = 'person' then number_text_defect(_row, 'licence', full_code)
            when number_kind = 'uscc' and chance(_row, 'small letters', 8000) then 'lower_case'
        end as _text_defect,
        case when impossible is null and chance(_row, 'no log', 10000) then 'operation_missing' end
            as _log_defect,
    from named
)
select
    record_prefix || row_number_text(
        case copy when 1 then licence_id * 8 + 7 else _row end, 1357924681, 2468
    ) as record_no,
    case identifier_defect
        when 'identifier_missing' then null
        when 'identifier_cut' then substr(true_identifier, 1, length(true_identifier) - 6)
        when 'identifier_wrong_check' then left(true_identifier, -1)
            || case right(true_identifier, 1) when '7' then '4' else '7' end
        else true_identifier
    end as licence_identifier,
    licence_type_code,
    licence_name,
    case when style = 'hex' then left(serial, 12) else serial end as licence_number,
    case when is_former then former_name else issuer_name end as issuer_name,
    case when is_former then former_issuer_code else issuer_code end as issuer_code,
    holder_name,
    case
        when _number_defect = 'holder_code_unknown'
            then [null, '无', '/', '不详'][1 + below(_row, 'unknown code', 4)]
        when _number_defect = 'holder_count_mismatch'
            then substr(codes, strpos(codes, separator) + length(separator))
        when is_joint then codes
        when _number_defect = 'code_digit_typo' then mistyped_code(_row, 'licence', full_code)
        when _text_defect = 'lower_case' then lower(full_code)
        else damaged_text(
            damaged_number(_row, 'licence', full_code, other_number, _number_defect),
            _text_defect
        )
    end as holder_code,
    -- some systems write one type for all holders
    case
        when is_joint and is_one_type and joint_holders > 1
            and chance(licence_id, 'one type', 500000) then left(code_types, 3)
        when is_joint then code_types
        else holder_code_type(number_kind)
    end as holder_code_type,
    issued_date,
    valid_from,
    case
        when valid_to is not null then valid_to::varchar
        else ['长期', '长期', '9999-12-31', '', null][1 + below(_row, 'endless', 5)]
    end as valid_to,
    stated_state_code as state_code,
    previous_identifier,
    day_time(coalesce(state_date, issued_date), _row, 'licence') as updated_at,
    system_code as _system_code,
    licence_id as _licence_id,
    version::integer as _version,
    last_version::integer as _last_version,
    copy as _copy,
    _row,
    case when is_former then former_id else issuer_id end as _issuer_organisation_id,
    is_former as _is_former_issuer,
    issued_date as _issued_date,
    valid_from as _valid_from,
    valid_to as _valid_to,
    state_date as _state_date,
    step_days as _step_days,
    is_by_change as _is_by_change,
    is_moved_in as _is_moved_in,
    impossible as _impossible,
    _log_defect,
    case when identifier_defect is not null then true_identifier end as _true_identifier,
    identifier_defect is null as _is_well_formed,
    holder_kind as _holder_kind_code,
    person_id as _person_id,
    organisation_id as _organisation_id,
    case when is_joint then joint_is_valid and _number_defect is null
        else coalesce(_number_defect = 'number_15_digits', true) end as _has_valid_holder,
    holder_end_date as _holder_end_date,
    concat_ws(
        ',',
        identifier_defect,
        _number_defect,
        _text_defect,
        number_state,
        case when has_shared_number and not is_joint then 'number_shared' end,
        joint_defects,
        case when is_by_division then 'issuer_by_division' end,
        case when is_former and issued_date >= reform_date then 'issuer_abolished' end,
        case when is_after_gap then 'version_gap' end,
        case when previous_version < version - 1 then 'version_fork' end,
        case when copy = 1 then 'resent' end,
        case when copy = 0 then impossible end,
        _log_defect
    ) as _defects,
from faulty
"""


# What only the log of operations needs to know.
_OF_THE_LOG = (
    "_system_code, _row, _copy, _is_former_issuer, _issued_date, _state_date, _step_days,"
    " _is_by_change, _is_moved_in, _impossible, _log_defect"
)


def _system_sql(system: LicenceSystem) -> str:
    """The source table of a system."""
    days = "issued_date, valid_from, updated_at".split(", ")
    texts = ", ".join(f"{day}::varchar as {day}" for day in days)
    replaced = f" replace ({texts})" if system.is_text else ""
    return (
        f"create or replace table source.{system.code}__licence as "
        f"select * exclude ({_OF_THE_LOG}){replaced}"
        f" from licence_batch where _system_code = '{system.code}'"
    )
