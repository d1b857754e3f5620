"""Licences: what was issued to whom, version by version, as the issuing systems recorded it.

Creates ``source.e_licence__licence`` and, with ``licence_operations.py``,
``source.e_licence__operation``, and shares them out to every system of the shape ``e_licence``;
underscore columns are the truth about each record. Add here how a record is written. Keep out: the
types (``licence_types.py``), who holds what (``licence_holders.py``), chains and versions
(``licence_chains.py``, ``licence_versions.py``), the log (``licence_operations.py``) and the state
a licence is in on a given day: that is computed by the product and, independently, by the score.

A chain is one licence with its versions. Everything about it is drawn by its id, so that renewals
after the base day only append versions and close the one before. Sources: GB/T 36904-2018
(identifier), GB/T 36903-2018 annex A (holder code types), the state and operation lists of a
ministry (states 01 to 07 and 99, operations 01 to 10).
"""

import duckdb

from sources.simulator.licence_chains import CHAIN
from sources.simulator.licence_holders import find_holders, find_issuers
from sources.simulator.licence_operations import log_operations
from sources.simulator.licence_types import SYSTEMS, LicenceSystem, create_licence_types
from sources.simulator.licence_versions import VERSION
from sources.simulator.records import share_out

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
    # planning costs more than a small system's rows, all systems at once too much memory
    batches: list[tuple[LicenceSystem, ...]] = (
        [SYSTEMS] if int(people[0]) < _SMALL_CITY else [(system,) for system in SYSTEMS]
    )
    for number, batch in enumerate(batches):
        find_holders(connection, batch)
        verb = "insert into {}" if number else "create or replace table {} as"
        connection.execute(f"{verb.format('source.e_licence__licence')} {_LICENCE}")
    log_operations(connection)
    for system in SYSTEMS:
        for table, days in _DAYS.items():
            texts = ", ".join(f"{day}::varchar as {day}" for day in days)
            share_out(
                connection,
                shared=f"e_licence__{table}",
                system=system.code,
                columns=f"* replace ({texts})" if system.is_text else "*",
            )


# What systems without types hold as text.
_DAYS = {
    "licence": ("issued_date", "valid_from", "updated_at"),
    "operation": ("operated_at", "updated_at"),
}

_LICENCE = f"""
with {CHAIN}
{VERSION}
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
    case when is_former then former_id else issuer_id end as _issuer_organisation_id,
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
