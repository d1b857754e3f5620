"""Organisations: who there is, who stands for them, when they began and what became of them.

Creates ``organisation_dated``; ``organisation_history.py`` makes ``organisation`` of it. Ids count
from 0 over ``organisation_kinds``, then government, then those founded after the base day. Add here
what happens to the life of an organisation. Keep out: names, codes and changes
(``organisation_history.py``), what departments wrote (``records_*``).

Every draw depends on the id alone. What happens after the base day has a constant hazard: the day
is drawn once, and the city has reached it or not.
"""

import duckdb

from sources.registry import Registry
from sources.simulator.defects_organisation import install_organisation_defects
from sources.simulator.government import create_government
from sources.simulator.mixer import set_list
from sources.simulator.organisation_changes import list_changes
from sources.simulator.organisation_history import write_history
from sources.simulator.organisation_kinds import (
    FOUNDED_PER_MILLION_A_DAY,
    create_kinds,
    first_and_size,
)
from sources.simulator.organisation_known import install_known_organisation, install_times
from sources.simulator.places import COUNTIES
from sources.simulator.plan import CityPlan
from sources.simulator.shareholders import draw_shareholders, write_shareholders
from sources.simulator.successions import date_successions, plan_successions


def build_organisations(
    connection: duckdb.DuckDBPyConnection, plan: CityPlan, registry: Registry
) -> None:
    """Create ``organisation``, ``organisation_change``, ``organisation_event``, ``succession``,
    ``shareholder``, ``officer`` and the macro ``known_organisation``. Needs people.
    """
    install_organisation_defects(connection)
    install_times(connection)
    create_government(connection, registry)
    registered = create_kinds(connection, plan)
    _install_draws(connection, plan)
    numbers = {"registered": registered, **_founded(connection, plan, registered)}
    for kind in ("enterprise", "outside", "individual", "school"):
        first, size = first_and_size(connection, kind)
        numbers |= {f"first_{kind}": first, f"size_{kind}": size}
    connection.execute(_DRAW.format(**numbers))
    plan_successions(connection, enterprises=int(numbers["size_enterprise"]))
    draw_shareholders(
        connection, first=numbers["first_enterprise"], size=numbers["size_enterprise"]
    )
    connection.execute(_OFFICER.format(**numbers))
    connection.execute(_AGED)
    date_successions(connection)
    connection.execute(_DATED)
    write_history(connection, numbers)
    list_changes(connection)
    write_shareholders(connection)
    install_known_organisation(connection)


def _install_draws(connection: duckdb.DuckDBPyConnection, plan: CityPlan) -> None:
    seats = connection.execute(
        "select seat from seat where role in ('husband', 'wife') order by seat"
    ).fetchall()
    people = connection.execute("select count(*) from seat").fetchone()
    assert people is not None  # noqa: S101 - an aggregate has one row
    blocks = max(1, plan.residents // int(people[0]))
    set_list(connection, "grown_up_seat", [seat for (seat,) in seats])
    set_list(connection, "township_county", [
        number for number, county in enumerate(COUNTIES) for _ in county.townships.split()
    ])  # fmt: skip
    for macro in (
        # a husband or wife of a full block
        f"grown_up(i, purpose) as {people[0]} * below(i, purpose || '/block', {blocks})"
        " + pick_grown_up_seat(i, purpose || '/seat')",
        "day_drawn(i, purpose, per_million) as 1 + floor("
        "ln(1 - unit(i, purpose)) / ln(1 - per_million / 1000000.0))",
        # the day something of a constant daily hazard happens after the base day, null if later
        "day_after_base(i, purpose, per_million) as case"
        " when getvariable('now') > getvariable('today')"
        " and day_drawn(i, purpose, per_million) <= getvariable('now') - getvariable('today')"
        " then getvariable('today') + day_drawn(i, purpose, per_million)::integer end",
    ):
        connection.execute(f"create or replace temp macro {macro}")


def _founded(
    connection: duckdb.DuckDBPyConnection, plan: CityPlan, registered: int
) -> dict[str, int | float]:
    """Those founded after the base day: how many a day, how many by now, the first id."""
    row = connection.execute("select count(*) from government").fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    daily = plan.residents * FOUNDED_PER_MILLION_A_DAY / 1_000_000
    elapsed = (plan.now - plan.today).days
    return {
        "bodies": int(row[0]),
        "first_founded": registered + int(row[0]),
        "founded": int(daily * elapsed),
        "daily": daily,
    }


# Places in the order of the kind decide who succeeds whom; see ``successions.py``.
_DRAW = """
create or replace temp table organisation_drawn as
with listed as (
    select first + place as organisation_id, place, null::date as founded_date, kind_no
    from (select *, unnest(range(size)) as place from organisation_kind)
    union all
    select
        {first_founded} + n,
        1000000000 + n,
        getvariable('today') + 1 + floor(n / {daily})::integer,
        getvariable('founded_kind')[1 + n % 10]
    from range({founded}) as t(n)
),
placed as (
    select
        listed.*,
        kind,
        pair,
        -- who becomes an enterprise has its owner and county from the start
        case
            when kind = 'individual' and place % 80 = 15 and (place - 1) // 2 < {size_enterprise}
                then {first_enterprise} + (place - 1) // 2
            when kind = 'enterprise' and place % 100 = 30 and place + 1 < {size_enterprise}
                then organisation_id + 1
            else organisation_id
        end as persona_id,
        case
            when is_of_village then (place * 61 + 17) % len(getvariable('township'))
        end as village_township,
    from listed
    inner join organisation_kind on listed.kind_no = organisation_kind.kind_no
),
located as (
    select
        *,
        case
            when kind in ('outside', 'foreign_office') then null
            when village_township is not null
                then getvariable('township_county')[village_township + 1]
            else pick_county_slot(persona_id, 'organisation county')
        end as county_no,
        coalesce(
            village_township,
            getvariable('township_offset')[1 + pick_county_slot(persona_id, 'organisation county')]
            + below(organisation_id, 'organisation township', getvariable('township_count')
                [1 + pick_county_slot(persona_id, 'organisation county')])
        ) as township_no,
    from placed
)
select
    *,
    case
        when kind = 'branch' and chance(organisation_id, 'head outside', 100000)
            then {first_outside} + below(organisation_id, 'head', {size_outside})
        when kind = 'branch'
            then {first_enterprise} + below(organisation_id, 'head', {size_enterprise})
    end as head_organisation_id,
    case
        when kind = 'union' and place % 5 = 4
            then {first_school} + below(organisation_id, 'host', {size_school})
        when kind = 'union'
            then {first_enterprise} + below(organisation_id, 'host', {size_enterprise})
    end as host_organisation_id,
    grown_up(persona_id, 'officer a') as officer_a,
    grown_up(organisation_id, 'officer b') as officer_b,
    grown_up(organisation_id, 'officer c') as officer_c,
from located
"""

# Everybody who stands for an organisation or owns a share: one small table instead of joins with
# all people.
_OFFICER = """
create or replace temp table officer as
with wanted as (
    select officer_a as person_id from organisation_drawn
    union
    select officer_b from organisation_drawn
    union
    select officer_c from organisation_drawn
    union
    select grown_up({registered} + body_no, 'officer a') from government
    union
    select person_id from shareholder_drawn
)
select
    person.person_id,
    person.name,
    person.number,
    person.number_kind,
    person.birth_date,
    mixed_up.other_number,
from person
inner join wanted on person.person_id = wanted.person_id
left join mixed_up on person.person_id = mixed_up.mixed_up_id
"""

_AGED = """
create or replace temp table organisation_aged as
select
    drawn.*,
    case
        when founded_date is not null then founded_date
        when is_founded then greatest(
            getvariable('today') - 20
            - (oldest_days * pow(unit(organisation_id, 'established'), age_power))::integer,
            least(officer.birth_date + 8050, getvariable('today') - 15)
        )
        else getvariable('today') - 20
            - (oldest_days * pow(unit(organisation_id, 'established'), age_power))::integer
    end as own_date,
from organisation_drawn as drawn
inner join organisation_kind using (kind_no)
left join officer on drawn.officer_a = officer.person_id
"""

_DATED = """
create or replace temp table organisation_dated as
with joined as (
    select
        aged.*,
        coalesce(old.predecessor_date, new.succeeded_date, own_date) as established_date,
        old.succeeded_date as succeeded_date,
        old.successor_id as successor_id,
        case
            when old.predecessor_id is not null then 1
            when new.successor_id is not null or aged.kind = 'outside' then 0
            else below(organisation_id, 'fate', 1000)
        end as fate,
        until_normal,
        until_restored,
        until_abnormal,
        until_revoked,
        until_cancelled,
        name_changes,
        officer_changes,
        address_changes,
        capital_changes,
        industry,
    from organisation_aged as aged
    inner join organisation_kind using (kind_no)
    left join (
        select predecessor_id, successor_id, succeeded_date, predecessor_date
        from succession
        where kind_code <> '3'
    ) as old
        on aged.organisation_id = old.predecessor_id
    left join (
        select successor_id, max(succeeded_date) as succeeded_date
        from succession
        where kind_code = '3'
        group by successor_id
        union all
        select successor_id, null from succession where kind_code <> '3' group by successor_id
    ) as new
        on aged.organisation_id = new.successor_id
),
fated as (
    select
        *,
        established_date + 1 + below(
            organisation_id, 'state day', greatest(1, getvariable('today') - established_date - 1)
        )::integer as first_date,
    from joined
),
told as (
    select
        *,
        case
            when founded_date is not null then null
            when fate >= until_normal and fate < until_abnormal then first_date
        end as abnormal_then,
        case
            when founded_date is null and fate >= until_abnormal and fate < until_revoked
                then first_date
            when founded_date is null and fate >= until_cancelled then first_date
        end as revoked_then,
        first_date + 200 + below(organisation_id, 'second state', 900)::integer as second_date,
    from fated
),
based as (
    select
        *,
        case when abnormal_then is not null and fate < until_restored
            and second_date <= getvariable('today') then second_date end as restored_then,
        case
            when succeeded_date is not null then succeeded_date
            when founded_date is not null then null
            when fate >= until_cancelled
                then case when second_date <= getvariable('today') then second_date end
            when fate >= until_revoked then first_date
        end as cancelled_then,
        kind_no in (select kind_no from organisation_kind where until_revoked > until_abnormal)
            as can_be_revoked,
    from told
)
select
    * exclude (abnormal_then, restored_then, revoked_then, cancelled_then),
    coalesce(abnormal_then, case when can_be_revoked and revoked_then is null
        and cancelled_then is null then day_after_base(organisation_id, 'abnormal later', 90) end)
        as abnormal_date,
    coalesce(restored_then, case when revoked_then is null and cancelled_then is null
        and abnormal_then is not null
        then day_after_base(organisation_id, 'restored later', 900) end) as restored_date,
    coalesce(revoked_then, case when can_be_revoked and cancelled_then is null
        then day_after_base(organisation_id, 'revoked later', 30) end) as revoked_date,
    coalesce(cancelled_then, case when kind <> 'outside'
        then day_after_base(organisation_id, 'cancelled later', 200) end) as cancelled_date,
from based
"""
