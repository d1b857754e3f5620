"""Who succeeds whom: mergers, splits, businesses and works that become companies.

Creates ``succession_plan`` (who, by places in the order of the kind) and ``succession`` (when). Add
ways of succeeding here. Keep out: the end of the predecessor that follows (``organisations.py``),
bodies of government (``government.py``).
"""

import duckdb


def plan_successions(connection: duckdb.DuckDBPyConnection, *, enterprises: int) -> None:
    """Create ``succession_plan``. Needs ``organisation_drawn``."""
    connection.execute(_SUCCESSION_PLAN.format(size_enterprise=enterprises))


def date_successions(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``succession``. Needs ``organisation_aged``."""
    connection.execute(_SUCCESSION)


# Kinds: 1 absorbed, 2 merged into a new one, 3 split off, 4 a business becomes an enterprise, 5 an
# enterprise of the old law becomes a company.
_SUCCESSION_PLAN = """
create or replace temp table succession_plan as
with enterprise as (
    select organisation_id, place from organisation_drawn
    where kind = 'enterprise' and place < 1000000000
)
select organisation_id as predecessor_id, organisation_id - 1 as successor_id, '1' as kind_code
from enterprise where place % 100 = 13
union all
select organisation_id, organisation_id - place % 200 + 52, '2'
from enterprise where place % 200 in (50, 51) and place - place % 200 + 52 < {size_enterprise}
union all
select organisation_id - 1, organisation_id, '3'
from enterprise where place % 200 = 61
union all
select organisation_id, organisation_id + 1, '5'
from enterprise where place % 100 = 30 and place + 1 < {size_enterprise}
union all
select organisation_id, persona_id, '4'
from organisation_drawn
where kind = 'individual' and persona_id <> organisation_id
"""

# A new one begins on the day it succeeds; who is split off begins after the old one.
_SUCCESSION = """
create or replace temp table succession as
with dated as (
    select
        plan.*,
        old.own_date as old_date,
        new.own_date as new_date,
        below(predecessor_id, 'succession', 900)::integer as span,
    from succession_plan as plan
    inner join organisation_aged as old on plan.predecessor_id = old.organisation_id
    inner join organisation_aged as new on plan.successor_id = new.organisation_id
)
select
    predecessor_id,
    successor_id,
    kind_code,
    case kind_code
        when '1' then least(greatest(old_date, new_date) + 5 + span, getvariable('today') - 2)
        when '3' then greatest(new_date, old_date + 9)
        else new_date
    end as succeeded_date,
    case when kind_code in ('2', '4', '5') then least(old_date, new_date - 100 - span) end
        as predecessor_date,
from dated
"""
