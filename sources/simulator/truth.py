"""The truth about the city: the tables of ``truth.duckdb``, which only the score reads.

Add a table or column here when the score has to know something new. Keep out: what departments
wrote; of that the truth knows only, per record, whom it is about and what is wrong with it
(``records.py``).
"""

from dataclasses import astuple
from pathlib import Path

import duckdb

from citybase.duck import literal
from sources.simulator.apply_changes import Delivery
from sources.simulator.generate import TableContent
from sources.simulator.plan import CityPlan
from sources.simulator.truth_organisation import LICENCE_TRUTH, ORGANISATION_TRUTH
from sources.simulator.undelivered import prepare_undelivered


def write_truth(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    plan: CityPlan,
    tables: tuple[TableContent, ...],
    deliveries: tuple[Delivery, ...] = (),
) -> None:
    """Write ``truth.duckdb``; the file appears whole or not at all.

    People are those of the day the plan has come to; ``person_number``, ``person_name`` and
    ``person_address`` say what was so from ``valid_from`` (null: for ever) up to but not on
    ``valid_to`` (null: still). ``delivery`` says what each folder of files has received since the
    base day: after a late one the newest file is older than the truth, by the rows of
    ``undelivered``.
    """
    prepare_undelivered(connection)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    connection.execute(f"attach {literal(str(fresh))} as truth_file")
    try:
        for name, query in _TRUTH.items():
            connection.execute(f"create table truth_file.{name} as {query}")
        connection.execute(
            "create table truth_file.plan (seed integer, scale double, today date,"
            " elapsed_days integer)"
        )
        connection.execute(
            "insert into truth_file.plan values (?, ?, ?, ?)",
            [plan.seed, plan.scale, plan.today, plan.elapsed_days],
        )
        connection.execute(
            "create table truth_file.content"
            " (system_code varchar, table_code varchar, row_count bigint, content_hash varchar)"
        )
        connection.executemany(
            "insert into truth_file.content values (?, ?, ?, ?)",
            [(t.system, t.table, t.rows, t.content_hash) for t in tables],
        )
        connection.execute(
            "create table truth_file.delivery (system_code varchar, table_code varchar,"
            " elapsed_days integer, state_code varchar, held_rows bigint)"
        )
        if deliveries:
            connection.executemany(
                "insert into truth_file.delivery values (?, ?, ?, ?, ?)",
                [astuple(delivery) for delivery in deliveries],
            )
    finally:
        connection.execute("detach truth_file")
    fresh.replace(path)


_PERSON = """
    select
        person_id,
        number_kind,
        number,
        name,
        sex_code,
        birth_date,
        ethnicity_code,
        phone,
        household_id,
        couple_id,
        role as family_role,
        relation_code,
        marital_status_code,
        coalesce(
            getvariable('county_code')[registered_county + 1], origin_division_code
        ) as registered_division_code,
        getvariable('county_code')[county_now + 1] as division_code,
        address_now as address,
        address_before,
        moved_date,
        death_date,
        left_date,
        is_registered,
        is_migrant,
        is_second_twin,
    from known_person('truth', 0)
"""

# A number that was altered, else the number of birth or the cards.
_PERSON_NUMBER = """
    select person_id, 'resident_number' as number_kind, former as number, null::date as valid_from,
        altered_date as valid_to
    from alteration
    where reason_code <> '0'
    union all
    select person_id, 'resident_number', latter, altered_date, null
    from alteration
    where reason_code <> '0'
    union all
    select person_id, number_kind, number, null, null
    from person_life
    where number_kind = 'resident_number' and number_date is null
    union all
    select person_id, number_kind, number, issued_date, valid_to
    from person_card
"""

_PERSON_NAME = """
    select person_id, former as name, null::date as valid_from, altered_date as valid_to
    from alteration
    where reason_code = '0'
    union all
    select person_id, latter, altered_date, null
    from alteration
    where reason_code = '0'
    union all
    select person_id, name, null, null
    from person_life
    where name_date is null
"""

_PERSON_ADDRESS = """
    select
        person_id,
        getvariable('county_code')[county_before + 1] as division_code,
        address_before as address,
        null::date as valid_from,
        moved_date as valid_to,
    from person_life
    where moved_date is not null
    union all
    select
        person_id,
        getvariable('county_code')[county_now + 1],
        address_now,
        moved_date,
        least(address_date, left_after),
    from person_life
    union all
    select
        person_id,
        getvariable('county_code')[county_after + 1],
        address_after,
        address_date,
        left_after,
    from person_life
    where address_date is not null
"""

_NUMBER_SHARED = """
    select
        pair_no,
        first_person_id,
        second_person_id,
        first.number,
        is_hidden,
        altered_date as resolved_date,
    from number_shared
    inner join person as first on number_shared.first_person_id = first.person_id
    left join alteration
        on number_shared.second_person_id = alteration.person_id
        and alteration.reason_code = '1'
"""

_COUPLE = """
    select
        couple.couple_id,
        couple.husband_id,
        couple.wife_id,
        marriage_date,
        coalesce(divorce_date, divorce.event_date) as divorce_date,
    from couple
    left join divorce on couple.couple_id = divorce.couple_id
    union all
    select couple_id, husband_id, wife_id, event_date, null
    from new_couple
"""

_TRUTH = {
    "person": _PERSON,
    "person_number": _PERSON_NUMBER,
    "person_name": _PERSON_NAME,
    "person_address": _PERSON_ADDRESS,
    "number_shared": _NUMBER_SHARED,
    "couple": _COUPLE,
    "life_event": "select event_code, event_date, person_id from life_event",
    **ORGANISATION_TRUTH,
    **LICENCE_TRUTH,
    "record": "from truth_record",
    "undelivered": "select distinct * from undelivered",
}
