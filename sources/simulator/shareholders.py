"""Shareholders: people and organisations, with what each of them holds.

Creates ``shareholder_drawn`` (who) and ``shareholder`` (with percentages and amounts). Add ways of
owning here. Keep out: how the register writes them (``records_market.py``).

Percentages of a company sum to 100, but for two companies in a hundred (``percent_not_100``).
"""

import duckdb


def draw_shareholders(
    connection: duckdb.DuckDBPyConnection, *, first: int | float, size: int | float
) -> None:
    """``shareholder_drawn``: the person or organisation behind each share of a company.

    The first shareholder of most companies is the founder. One of twelve shares is held by another
    company; those who were registered after the base day have shareholders too.
    """
    connection.execute(
        f"""
        create or replace temp table shareholder_drawn as
        with company as (
            select
                organisation_id,
                officer_a,
                [1, 1, 1, 2, 2, 2, 3, 3, 4, 5][1 + below(organisation_id, 'shareholders', 10)]
                    as shareholders,
            from organisation_drawn
            where kind = 'enterprise'
        ),
        share as (
            select
                *,
                unnest(range(shareholders)) as place,
                organisation_id * 8 + place as _row,
            from company
        )
        select
            organisation_id,
            shareholders,
            place,
            _row,
            case
                when chance(_row, 'company holds', 80000) and place > 0
                    then {first} + below(_row, 'holding company', {size})
            end as holder_organisation_id,
            case
                when holder_organisation_id is not null then null
                when place = 0 and not chance(_row, 'stranger holds', 100000) then officer_a
                else grown_up(_row, 'shareholder')
            end as person_id,
        from share
        """
    )


def write_shareholders(connection: duckdb.DuckDBPyConnection) -> None:
    """``shareholder``: one row per share, with percent (of 100) and amount in 10,000 yuan."""
    connection.execute(_SHAREHOLDER)


_SHAREHOLDER = """
create or replace temp table shareholder as
with weighed as (
    select
        drawn.*,
        5 + below(_row, 'weight', 90) as weight,
        organisation.established_date,
        organisation.capital_wan_cny,
        chance(organisation_id, 'percent_not_100', 20000) as is_wrong_sum,
    from shareholder_drawn as drawn
    inner join organisation using (organisation_id)
    -- nobody owns himself
    where holder_organisation_id is null or holder_organisation_id <> organisation_id
),
summed as (
    select
        *,
        sum(weight) over (partition by organisation_id) as total,
        sum(weight) over (partition by organisation_id order by place) as up_to,
    from weighed
),
shared as (
    select
        *,
        -- rounded as running sums, so that the parts make the whole
        (round(up_to * 1000000 / total) - round((up_to - weight) * 1000000 / total)) / 10000
            as percent,
    from summed
)
select
    * exclude (weight, total, up_to, percent),
    least(
        100,
        percent + case when is_wrong_sum and place = 0 and shareholders > 1 then 5 else 0 end
    )::decimal(9, 4) as percent,
    (capital_wan_cny * percent / 100)::decimal(24, 6) as contributed_wan_cny,
    established_date + below(_row, 'contributed', 300)::integer as contributed_date,
from shared
"""
