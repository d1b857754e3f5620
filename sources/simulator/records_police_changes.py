"""What the police wrote about changes: migrations, corrected numbers, changed names.

A row is written on the day of the change and never touched again: number and name are those of
that day. Codes: 迁移类别 1 迁入, 2 迁出, 3 市内移居; 更正原因 1 重号, 2 错号, 3 其他. The files
begin some years before the base day. Add registers of changes here. Keep out: what is so now
(``records_public_security.py``).
"""

import duckdb

from sources.simulator.known import NUMBER_STATE
from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_police_changes(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.household_register__migration``, ``__number_correction``, ``__name_change``.

    A person has at most four migrations: moving in, one before the base day, one after it, moving
    out.
    """
    for statement, table, key in (
        (_MIGRATION, "migration", "migration_no"),
        (_NUMBER_CORRECTION, "number_correction", "correction_no"),
        (_NAME_CHANGE, "name_change", "change_no"),
    ):
        connection.execute(statement)
        record_truth(connection, system="household_register", table=table, key=key)


_MIGRATION = f"""
create or replace table source.household_register__migration as
with people as (
    select
        *,
        coalesce(death_date, death_after, date '9999-01-01') as last_date,
        getvariable('today') - 100 - below(person_id, 'moved in', 3400)::integer as arrived_date,
    from person_life
    where is_registered
),
moves as (
    select
        people.*,
        0 as ordinal,
        '1' as migration_kind_code,
        arrived_date as migrated_date,
        substr(number, 1, 6) as from_division_code,
        null as from_address,
        case when arrived_date < moved_date then county_before else county_now end as to_county,
        case when arrived_date < moved_date then address_before else address_now end as to_address,
        null as to_division_code,
    from people
    where born_date is null
        and substr(number, 1, 4) not in ('3713', '3728')
        and arrived_date > birth_date + 6000
        and chance(person_id, 'moved in on file', 500000)
    union all by name
    select
        people.*,
        1 as ordinal,
        '3' as migration_kind_code,
        moved_date as migrated_date,
        getvariable('county_code')[county_before + 1] as from_division_code,
        address_before as from_address,
        county_now as to_county,
        address_now as to_address,
    from people
    where born_date is null
        and not is_away
        and moved_date between getvariable('today') - 1300 and getvariable('today')
        and moved_date > birth_date
    union all by name
    select
        people.*,
        2 as ordinal,
        '3' as migration_kind_code,
        address_date as migrated_date,
        getvariable('county_code')[registered_county + 1] as from_division_code,
        registered_address as from_address,
        county_after as to_county,
        address_after as to_address,
    from people
    where not is_away_after
    union all by name
    select
        people.*,
        3 as ordinal,
        '2' as migration_kind_code,
        left_after as migrated_date,
        getvariable('county_code')[registered_county + 1] as from_division_code,
        registered_address as from_address,
        leaving.to_division_code,
    from people
    inner join leaving on people.person_id = leaving.person_id
),
draft as (
    select
        *,
        person_id * 4 + ordinal as _row,
        paper_on(number, number_otherwise, number_date, migrated_date) as _number,
        paper_on(name, name_otherwise, name_date, migrated_date) as name_then,
        variant_name(person_id * 4 + ordinal, 'migration', name_then, 1050) as written_name,
        number_defect(
            person_id * 4 + ordinal, 'migration', _number, other_number, number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(person_id * 4 + ordinal, 'migration', _number) as _text_defect,
    from moves
    where migrated_date < last_date
        and (left_after is null or migrated_date <= left_after)
)
select
    '37Q' || row_number_text(_row, 6789123457, 31) as migration_no,
    '37R' || row_number_text(person_id, 7654321987, 1200450) as resident_no,
    damaged_text(
        damaged_number(_row, 'migration', _number, other_number, _number_defect), _text_defect
    ) as id_number,
    written_name as name,
    migration_kind_code,
    from_division_code,
    from_address,
    coalesce(to_division_code, getvariable('county_code')[to_county + 1]) as to_division_code,
    to_address,
    migrated_date,
    day_time(migrated_date, _row, 'migration') as updated_at,
    person_id as _person_id,
    concat_ws(
        ',',
        _number_defect,
        case
            when coalesce(_number_defect, 'number_15_digits') = 'number_15_digits' then coalesce(
                paper_state(number, number_otherwise, number_date, migrated_date, 'number_former'),
                case when has_shared_number and coalesce(shared_until > getvariable('now'), true)
                    then 'number_shared' end
            )
        end,
        _text_defect,
        case when written_name <> name_then then 'name_variant' end,
        paper_state(name, name_otherwise, name_date, migrated_date, 'name_former')
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""

_NUMBER_CORRECTION = """
create or replace table source.household_register__number_correction as
select
    '37G' || row_number_text(alteration.person_id, 4567891237, 71) as correction_no,
    '37R' || row_number_text(alteration.person_id, 7654321987, 1200450) as resident_no,
    former as previous_number,
    latter as id_number,
    paper_on(name, name_otherwise, name_date, altered_date) as name,
    reason_code,
    altered_date as corrected_date,
    day_time(altered_date, alteration.person_id, 'correction') as updated_at,
    alteration.person_id as _person_id,
    coalesce(
        paper_state(name, name_otherwise, name_date, altered_date, 'name_former'), ''
    ) as _defects,
    true as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from alteration
inner join person_life on alteration.person_id = person_life.person_id
where reason_code <> '0'
"""

# The register of names is of people the household register holds.
_NAME_CHANGE = f"""
create or replace table source.household_register__name_change as
with draft as (
    select
        alteration.*,
        person_life.birth_date,
        person_life.number_kind,
        person_life.other_number,
        paper_on(number, number_otherwise, number_date, altered_date) as _number,
        paper_state(number, number_otherwise, number_date, altered_date, 'number_former')
            as number_state,
        number_defect(
            alteration.person_id, 'name change', _number, other_number, number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(alteration.person_id, 'name change', _number) as _text_defect,
    from alteration
    inner join person_life on alteration.person_id = person_life.person_id
    where reason_code = '0' and is_registered
)
select
    '37N' || row_number_text(person_id, 5678912347, 53) as change_no,
    '37R' || row_number_text(person_id, 7654321987, 1200450) as resident_no,
    damaged_text(
        damaged_number(person_id, 'name change', _number, other_number, _number_defect),
        _text_defect
    ) as id_number,
    former as former_name,
    latter as name,
    altered_date as changed_date,
    day_time(altered_date, person_id, 'name change') as updated_at,
    person_id as _person_id,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""
