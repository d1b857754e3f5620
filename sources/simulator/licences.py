"""Licences: what was issued to whom, version by version, as the issuing system recorded it.

Creates ``source.licence_issuing__licence``; its underscore columns are the truth about each
version. Add here what happens to licences. Keep out: the types (``licence_types.py``) and the state
a licence is in on a given day: that is computed by the product and, independently, by the score.

Sources: GB/T 36904-2018 (identifier), GB/T 36903-2018 annex A (holder code types), the state and
operation lists of a ministry (states 01 to 07 and 99, operations 01 to 10).
"""

import duckdb

from sources.simulator.licence_holders import find_issuers_and_holders
from sources.simulator.licence_types import create_licence_types


def issue_licences(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.licence_issuing__licence``. Needs people and organisations."""
    create_licence_types(connection)
    find_issuers_and_holders(connection)
    connection.execute(_LICENCE)


_LICENCE = """
create or replace table source.licence_issuing__licence as
with dated as (
    select
        held.*,
        style,
        licence_name,
        licence_type_code,
        is_city_level,
        eligible_date + below(
            licence_id, 'first', greatest(1, getvariable('today') - eligible_date)
        )::integer as first_date,
        case
            when held.type_no <> 1 then years
            when first_date - birth_date < 9490 then 10
            when first_date - birth_date < 16800 then 20
            else 0
        end as first_years,
        chance(licence_id, 'by change', 90000) as is_by_change,
        [1, 2, 4, 4][1 + below(licence_id, 'renews', 4)] as most_versions,
        least(getvariable('today'), holder_end_date) as last_day,
        coalesce(person_id, organisation_id) as holder_id,
        chance(licence_id, 'issuer by division', 15000) as is_by_division,
    from held
    inner join licence_type on held.type_no = licence_type.type_no
),
stepped as (
    select
        *,
        case
            when is_by_change then 100 + below(licence_id, 'change step', 1500)
            when first_years > 0
                then (first_years * 365.25)::integer - below(licence_id, 'early', 40)
        end as step_days,
        case style
            when '9' then (holder_id * 777767 + 1234567) % 1000000000
            when '12' then (holder_id * 77777677 + 4321) % 1000000000000
            when '15' then (holder_id * 777776773 + 98765) % 1000000000000000
            when 'letters' then (holder_id * 234567891 + 55511) % 3656158440062976
        end as serial_number,
        case when style = 'hex' then upper(md5('serial' || mix(licence_id, 'hex')::varchar)) end
            as hex_serial,
    from dated
    where first_date <= coalesce(last_day, first_date)
),
serialled as (
    select
        stepped.*,
        issuer.issuer_organisation_id,
        issuer.issuer_name,
        issuer.issuer_code,
        case
            when step_days is null then 1
            else least(most_versions, 1 + (last_day - first_date) // step_days)
        end as last_version,
        case style
            when 'letters' then letters_10(serial_number)
            when 'hex' then hex_serial
            else lpad(serial_number::varchar, style::integer, '0')
        end as serial,
        case style
            when '9' then after_9_digits(prefix_state, serial_number)
            when '12' then after_12_digits(prefix_state, serial_number)
            when '15' then after_15_digits(prefix_state, serial_number)
            when 'letters' then after_10_letters(prefix_state, serial_number)
            else licence_state_of(stepped.licence_type_code || issuer_code || hex_serial)
        end as serial_state,
    from stepped
    inner join issuer
        on stepped.type_no = issuer.type_no
        and stepped.is_by_division = issuer.is_by_division
        and case when is_city_level then -1 else stepped.county_no end = issuer.county_no
),
chain as (
    select
        *,
        '1.2.156.3005.2.' || licence_type_code || '.' || issuer_code || '.' || serial || '.'
            as identifier_stem,
    from serialled
),
versions as (
    select
        chain.*,
        n as version,
        licence_id * 4 + n - 1 as _row,
        n = last_version as is_last,
        first_date + ((n - 1) * coalesce(step_days, 0))::integer as issued_date,
    from chain
    inner join range(1, 5) as numbers(n) on n <= last_version
),
termed as (
    select
        *,
        case
            when type_no <> 1 then first_years
            when issued_date - birth_date < 9490 then 10
            when issued_date - birth_date < 16800 then 20
            else 0
        end as years,
        case
            when type_no = 4 and chance(_row, 'no start', 300000) then null
            else issued_date + case when chance(_row, 'starts later', 50000)
                then below(_row, 'start', 30)::integer else 0 end
        end as valid_from,
        below(_row, 'stated', 1000) as stated,
    from versions
),
draft as (
    select
        *,
        case when years > 0
            then coalesce(valid_from, issued_date) + (years * 365.25)::integer - 1
        end as valid_to,
        case
            when not is_last then case when stated < 700 then '05' else '01' end
            when stated < 945 then '01'
            when stated < 953 then '02'
            when stated < 957 then '03'
            when stated < 975 then '04'
            when stated < 982 then '05'
            when stated < 986 then '06'
            when stated < 995 then '07'
            else '99'
        end as stated_state_code,
        case
            when person_id is not null then coalesce(
                number_defect(
                    _row, 'licence', holder_number, other_number, number_kind, birth_date, 3000
                ),
                case when chance(_row, 'no papers', 1500) then 'holder_code_unknown' end
            )
            when chance(_row, 'no papers', 4000) then 'holder_code_unknown'
            when chance(_row, 'wrong code', 2000) and length(holder_number) = 18
                then 'number_digit_typo'
        end as _number_defect,
        case
            when person_id is not null
                then number_text_defect(_row, 'licence', holder_number)
            when chance(_row, 'small letters', 8000) then 'lower_x'
        end as _text_defect,
        case
            when last_version > 1 then null
            when chance(_row, 'wrong check', 2000) then 'identifier_wrong_check'
            when chance(_row, 'no identifier', 700) then 'identifier_missing'
            when chance(_row, 'short identifier', 500) then 'identifier_cut'
        end as _identifier_defect,
        identifier_stem || lpad(version::varchar, 3, '0') || '.'
            || licence_check(after_3_digits(serial_state, version)) as true_identifier,
    from termed
)
select
    'ZZ' || row_number_text(_row, 1357924681, 2468) as record_no,
    case _identifier_defect
        when 'identifier_missing' then null
        when 'identifier_cut' then substr(true_identifier, 1, length(true_identifier) - 6)
        when 'identifier_wrong_check' then left(true_identifier, -1)
            || case right(true_identifier, 1) when '7' then '4' else '7' end
        else true_identifier
    end as licence_identifier,
    licence_type_code,
    licence_name,
    case when style = 'hex' then left(serial, 12) else serial end as licence_number,
    issuer_name,
    issuer_code,
    holder_name,
    case
        when _number_defect = 'holder_code_unknown'
            then [null, '无', '/', '不详'][1 + below(_row, 'unknown code', 4)]
        when person_id is null and _number_defect = 'number_digit_typo'
            then substr(holder_number, 1, 11)
                || ((substr(holder_number, 12, 1) = '7')::integer * 2 + 7 - (
                    substr(holder_number, 12, 1) = '9')::integer)::varchar
                || substr(holder_number, 13)
        else damaged_text(
            damaged_number(_row, 'licence', holder_number, other_number, _number_defect),
            _text_defect
        )
    end as holder_code,
    case number_kind
        when 'uscc' then '001'
        when 'other' then '099'
        when 'resident_number' then '111'
        when 'residence_permit' then '551'
        when 'home_return_permit' then '516'
        when 'taiwan_travel_permit' then '511'
        else '553'
    end as holder_code_type,
    issued_date,
    valid_from,
    case
        when valid_to is not null then valid_to::varchar
        else ['长期', '长期', '9999-12-31', '', null][1 + below(_row, 'endless', 5)]
    end as valid_to,
    stated_state_code as state_code,
    case
        when version > 1 then case when is_by_change then '09' else '02' end
        when stated_state_code = '02' then '03'
        when stated_state_code = '04' then '05'
        when stated_state_code = '05' and is_last then '04'
        else '01'
    end as operation_code,
    case when version > 1 then identifier_stem || lpad((version - 1)::varchar, 3, '0') || '.'
        || licence_check(after_3_digits(serial_state, version - 1))
    end as previous_identifier,
    day_time(issued_date, _row, 'licence') as updated_at,
    licence_id as _licence_id,
    version::integer as _version,
    last_version::integer as _last_version,
    issuer_organisation_id as _issuer_organisation_id,
    case when _identifier_defect is not null then true_identifier end as _true_identifier,
    _identifier_defect is null as _is_well_formed,
    case when person_id is null then 'organisation' else 'person' end as _holder_kind_code,
    person_id as _person_id,
    organisation_id as _organisation_id,
    coalesce(_number_defect = 'number_15_digits', true) as _has_valid_holder,
    valid_to as _valid_to,
    holder_end_date as _holder_end_date,
    concat_ws(
        ',',
        _identifier_defect,
        _number_defect,
        _text_defect,
        case when is_by_division then 'issuer_by_division' end
    ) as _defects,
from draft
"""
