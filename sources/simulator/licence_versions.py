"""The versions of a licence: identifiers, terms, states, and what is wrong with the chain.

``VERSION`` is a piece of the query of ``licences.py``: from ``chain`` to the relation ``version``,
one row per record on file. Keep out: holders as they are written (``licences.py``).
"""

# One row per version on file: a missing version (gap) is left out when a later one is on file on
# the base day; a fork claims the version before the one before.
VERSION = """
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
