"""What a department knows about organisations: the table macro ``known_organisation``.

Every table that speaks of organisations reads the macro: that is how a change reaches each system
in its own time, and rows that no change touches stay as they are. Add states of knowledge here.
Keep out: what happens (``organisations.py``) and how a clerk damages what he writes
(``defects_organisation.py``).
"""

import duckdb

_EVENTS = (
    "name_date_1", "name_date_2", "address_date_1", "address_date_2", "officer_date_1",
    "officer_date_2", "abnormal_date", "restored_date", "revoked_date", "cancelled_date",
)  # fmt: skip


def install_known_organisation(connection: duckdb.DuckDBPyConnection) -> None:
    """Define ``known_organisation(purpose, lag)``. Needs ``organisation``.

    One row per organisation that exists, as a system knows it that hears of an event 0 to ``lag``
    days late, per organisation and event by hash of the purpose; of an event in 2,000 it never
    hears for each day of the lag, at most of three in ten. A lag of 0 is the truth of the day.
    Columns of ``organisation``, with name, address, division_code, representative_person_id,
    status_code and the dates of events as known, and:

    * ``name_state`` ``name_old``, ``address_state`` ``address_old``, ``officer_state``
      ``representative_old``, ``status_state`` ``status_old``: what it has not heard of, else null;
    * ``changed_date`` the day it heard of the last change after the base day, else null.
    """
    hearing = ",\n".join(
        f"heard_on(organisation_id, purpose || '/{event}', {event}, lag) as {event}_hearing"
        for event in _EVENTS
    )
    heard = ",\n".join(
        f"case when {event}_hearing <= getvariable('now') then {event}_hearing end as {event}_heard"
        for event in _EVENTS
    )
    last = ", ".join(f"{event}_heard" for event in _EVENTS)
    connection.execute(
        """
        create or replace temp macro heard_on(i, purpose, event_date, lag) as case
            when not chance(i, purpose || '/never', least(300000, lag * 500))
                then event_date + below(i, purpose || '/heard', lag + 1)::integer
        end
        """
    )
    connection.execute(_KNOWN_ORGANISATION.format(hearing=hearing, heard=heard, last=last))


def install_times(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros of dated states that the making of organisations needs."""
    for macro in (
        """
        status_on(d, abnormal_date, restored_date, revoked_date, cancelled_date) as case
            when cancelled_date <= d then '4'
            when revoked_date <= d then '3'
            when restored_date <= d then '1'
            when abnormal_date <= d then '2'
            else '1'
        end
        """,
        """
        later_than(d, first_date, last_date) as case
            when d > first_date and (last_date is null or d < last_date) then d
        end
        """,
        "index_of_county(division) as coalesce("
        "list_position(getvariable('county_code'), division) - 1, 0)",
    ):
        connection.execute(f"create or replace temp macro {macro}")


_KNOWN_ORGANISATION = """
create or replace temp macro known_organisation(purpose, lag) as table
with hearing as (
    select
        *,
        {hearing},
        heard_on(organisation_id, purpose || '/founded', established_date, lag // 4)
            as founded_heard,
    from organisation
),
heard as (
    select
        *,
        {heard},
    from hearing
    where established_date <= getvariable('today') or founded_heard <= getvariable('now')
),
known as (
    select
        * exclude (name, address, division_code, representative_person_id, status_code,
            abnormal_date, restored_date, revoked_date, cancelled_date, ended_date),
        name as name_now,
        address as address_now,
        representative_person_id as officer_now,
        status_code as status_now,
        in_time(getvariable('now'), name_date_1_heard, name_date_2_heard, name_a, name_b, name_c)
            as name,
        in_time(getvariable('now'), address_date_1_heard, address_date_2_heard, address_a,
            address_b, address_c) as address,
        in_time(getvariable('now'), address_date_1_heard, address_date_2_heard, division_a,
            division_b, division_c) as division_code,
        in_time(getvariable('now'), officer_date_1_heard, officer_date_2_heard, officer_a,
            officer_b, officer_c) as representative_person_id,
        status_on(getvariable('now'), abnormal_date_heard, restored_date_heard, revoked_date_heard,
            cancelled_date_heard) as status_code,
        case when abnormal_date_heard is not null then abnormal_date end as abnormal_date,
        case when restored_date_heard is not null then restored_date end as restored_date,
        case when revoked_date_heard is not null then revoked_date end as revoked_date,
        case when cancelled_date_heard is not null then cancelled_date end as cancelled_date,
        case
            when revoked_date_heard is not null and cancelled_date_heard is not null
                then least(revoked_date, cancelled_date)
            when revoked_date_heard is not null then revoked_date
            when cancelled_date_heard is not null then cancelled_date
        end as ended_date,
        greatest(
            {last},
            case when founded_date is not null then founded_heard end
        ) as last_heard,
    from heard
)
select
    *,
    case when name <> name_now then 'name_old' end as name_state,
    case when address <> address_now then 'address_old' end as address_state,
    case when representative_person_id <> officer_now then 'representative_old' end
        as officer_state,
    case when status_code <> status_now then 'status_old' end as status_state,
    case when last_heard > getvariable('today') then last_heard end as changed_date,
from known
"""
