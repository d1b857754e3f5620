"""What the police wrote about people no household register of the city holds: permits, migrants.

``permit_register`` (出入境) keeps one row per card and links the residence permit with the travel
permit, the renewed permit with the one before it, the foreigner's 18-digit card with the old one.
``migrant_register`` (流动人口) keeps one row per person and address; a move closes one and opens
another. Add registers of such people here. Keep out: who holds which card (``cards.py``).
"""

import duckdb

from sources.simulator.known import NUMBER_STATE, PHONE_STATE
from sources.simulator.records import HAS_VALID_NUMBER, record_truth


def write_permit_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.permit_register__permit``, all text as the SQLite file holds it."""
    connection.execute(_PERMIT)
    record_truth(connection, system="permit_register", table="permit", key="record_no")


def write_migrant_register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``source.migrant_register__residence``."""
    connection.execute(_RESIDENCE)
    record_truth(connection, system="migrant_register", table="residence", key="registration_no")


_PERMIT = f"""
create or replace table source.permit_register__permit as
with draft as (
    select
        known.*,
        person_card.person_id * 4 + person_card.card_no as _row,
        person_card.number as _number,
        person_card.card_kind_code,
        person_card.issued_date,
        person_card.valid_to,
        linked.card_kind_code as linked_card_kind_code,
        linked.number as linked_card_number,
        number_defect(
            person_card.person_id * 4 + person_card.card_no, 'permit', person_card.number,
            other_number, person_card.number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(
            person_card.person_id * 4 + person_card.card_no, 'permit', person_card.number
        ) as _text_defect,
        phone_defect(known.person_id, 'permit', phone) as _phone_defect,
        case
            when person_card.number like '81%' or person_card.number like 'H%' then 'HKG'
            when person_card.number like '82%' or person_card.number like 'M%' then 'MAC'
            when person_card.card_kind_code in ('511', '552') then 'TWN'
            when person_card.number like '9%' then
                ['USA', 'GBR', 'JPN', 'KOR', 'DEU', 'RUS', 'VNM']
                    [1 + below(known.person_id, 'country', 7)]
            else substr(person_card.number, 1, 3)
        end as country_code,
    from person_card
    inner join known_person('permits', 20) as known on person_card.person_id = known.person_id
    left join person_card as linked
        on person_card.person_id = linked.person_id
        and person_card.linked_card_no = linked.card_no
)
select
    '37Z' || row_number_text(_row, 7891234563, 97) as record_no,
    card_kind_code,
    damaged_text(
        damaged_number(_row, 'permit', _number, other_number, _number_defect), _text_defect
    ) as card_number,
    linked_card_kind_code,
    linked_card_number,
    name,
    sex_code,
    birth_date::varchar as birth_date,
    country_code,
    getvariable('county_code')[county_now + 1] as division_code,
    address_now as address,
    damaged_phone(person_id, phone, _phone_defect) as phone,
    issued_date::varchar as issued_date,
    valid_to::varchar as valid_to,
    strftime(
        day_time(greatest(issued_date, changed_date), _row, 'permit'), '%Y-%m-%d %H:%M:%S'
    ) as updated_at,
    person_id as _person_id,
    concat_ws(
        ',',
        _number_defect,
        _text_defect,
        _phone_defect,
        name_state,
        {PHONE_STATE},
        address_state
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""

_RESIDENCE = f"""
create or replace table source.migrant_register__residence as
with known as (
    select *
    from known_person('migrants', 20)
    where is_migrant and chance(person_id, 'registers', 900000)
),
-- where each lived on the base day, or was born since
base as (
    select
        known.*,
        life.county_now as base_county,
        life.address_now as base_address,
        life.county_before as former_county,
        life.address_before as former_address,
        life.moved_date as base_moved_date,
        case
            when known.moved_date > getvariable('today') and life.moved_date is null then true
            else known.moved_date > life.moved_date
        end as has_moved_since,
        greatest(
            known.birth_date,
            coalesce(
                life.moved_date,
                getvariable('today') - 300 - below(known.person_id, 'arrived', 2500)::integer
            )
        ) as settled_date,
    from known
    inner join person_life as life on known.person_id = life.person_id
),
stay as (
    select
        *,
        0 as ordinal,
        former_county as county,
        former_address as address,
        greatest(birth_date, base_moved_date - 200 - below(person_id, 'before', 1500)::integer)
            as registered_date,
        base_moved_date as closed_date,
    from base
    where base_moved_date > birth_date and chance(person_id, 'registered before', 600000)
    union all by name
    select
        *,
        1 as ordinal,
        base_county as county,
        base_address as address,
        settled_date as registered_date,
        case when has_moved_since then moved_date end as closed_date,
    from base
    union all by name
    select
        *,
        2 as ordinal,
        county_now as county,
        address_now as address,
        moved_date as registered_date,
    from base
    where has_moved_since
),
draft as (
    select
        *,
        person_id * 4 + ordinal as _row,
        number as _number,
        number_defect(
            person_id * 4 + ordinal, 'migrant', number, other_number, number_kind, birth_date, 0
        ) as _number_defect,
        number_text_defect(person_id * 4 + ordinal, 'migrant', number) as _text_defect,
        birth_date_defect(person_id * 4 + ordinal, 'migrant', birth_date, 0) as _birth_defect,
        phone_defect(person_id, 'migrant', phone) as _phone_defect,
        variant_name(person_id * 4 + ordinal, 'migrant', name) as written_name,
    from stay
)
select
    '37L' || row_number_text(_row, 8912345679, 67) as registration_no,
    damaged_text(
        damaged_number(_row, 'migrant', number, other_number, _number_defect), _text_defect
    ) as id_number,
    written_name as name,
    sex_code,
    damaged_birth(_row, 'migrant', birth_date, _birth_defect) as birth_date,
    ethnicity_code,
    origin_division_code,
    getvariable('county_code')[county + 1] as division_code,
    address,
    damaged_phone(person_id, phone, _phone_defect) as phone,
    registered_date,
    closed_date as left_date,
    day_time(
        greatest(registered_date, closed_date, changed_date), _row, 'migrant'
    ) as updated_at,
    person_id as _person_id,
    concat_ws(
        ',',
        _number_defect,
        {NUMBER_STATE},
        _text_defect,
        _birth_defect,
        _phone_defect,
        case when written_name <> name then 'name_variant' end,
        name_state,
        {PHONE_STATE},
        case when closed_date is null then address_state end
    ) as _defects,
    {HAS_VALID_NUMBER} as _has_valid_number,
    true as _is_landable,
    false as _tells_death,
from draft
"""
