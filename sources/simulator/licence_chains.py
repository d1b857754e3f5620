"""The chain of a licence: when it began, how often it was renewed, how it ended.

``CHAIN`` is a piece of the query of ``licences.py``: from ``held`` to the relation ``chain``, one
row per licence. Everything is drawn by the licence's id, so that what happens after the base day
only appends versions and closes chains. Keep out: single versions (``licence_versions.py``).
"""


def _serial_state(state: str) -> str:
    """The check state after the serial, which follows type and issuer; digits in plain arithmetic,
    hex the slow way.
    """
    return f"""case style
            when '9' then after_9_digits({state}, serial_number)
            when '12' then after_12_digits({state}, serial_number)
            when '15' then after_15_digits({state}, serial_number)
            when 'letters' then after_10_letters({state}, serial_number)
            else after_text({state}, hex_serial)
        end"""


# One row per licence: when it began, how often it was renewed, how it ended. ``closed_date`` is the
# day of an end after the base day; what ended before it has ``stated`` of 945 and more.
CHAIN = f"""
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
sealed as (
    select
        ended.*,
        issuer.issuer_id,
        issuer.issuer_name,
        issuer.former_id,
        issuer.former_name,
        '1.2.156.3005.2.' || ended.licence_type_code || '.' as stem,
        issuer.former_code as former_issuer_code,
        issuer.elsewhere_code,
        case when is_by_division then issuer.division_code else issuer.issuer_code end
            as issuer_code,
        case when is_by_division then issuer.division_state else issuer.issuer_state end
            as issuer_state,
        case
            when issuer.former_code is not null and not is_by_division
                and (first_date < reform_date or has_old_seal) then issuer.former_state
        end as former_state,
        case when is_moved_in then issuer.elsewhere_state end as elsewhere_state,
    from ended
    inner join issuer
        on ended.type_no = issuer.type_no
        and case when is_city_level then -1 else coalesce(ended.county_no, 0) end = issuer.county_no
),
chain as (
    select
        * exclude (issuer_state, former_state, elsewhere_state),
        issuer_code || '.' || serial || '.' as issuer_part,
        former_issuer_code || '.' || serial || '.' as former_part,
        elsewhere_code || '.' || serial || '.' as elsewhere_part,
        {_serial_state("issuer_state")} as serial_state,
        case when former_state is not null then {_serial_state("former_state")} end
            as former_serial_state,
        case when elsewhere_state is not null then {_serial_state("elsewhere_state")} end
            as elsewhere_serial_state,
    from sealed
),
"""
