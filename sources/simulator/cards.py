"""Cards of people from Hong Kong, Macao, Taiwan and abroad: most of them hold more than one.

Creates the temporary table ``person_card``. Add kinds of cards here. Keep out: the first number of
a person (``population.py``) and what the exit and entry office writes about cards
(``records_permits.py``).

Kinds (GB/T 36903 annex A and platforms): 511 台胞证, 516 港澳通行证, 551 港澳居住证,
552 台湾居住证, 553 外国人永久居留. A home-return permit keeps its first nine characters and counts
renewals in two more; a Taiwan permit of before 2015 had two digits and a letter after the eight of
today's; the 15-character card of a foreigner became one of 18 digits on 2023-12-01.
"""

import duckdb


def issue_cards(connection: duckdb.DuckDBPyConnection) -> None:
    """Create ``person_card``, one row per card: person_id, card_no (0 is the number of ``person``,
    1 the one departments may know instead), number_kind, card_kind_code, number, card_no of the
    card it is linked with, issued_date, valid_to.
    """
    connection.execute(_PERSON_CARD)


_PERSON_CARD = """
create or replace temp table person_card as
with holder as (
    select
        person_id,
        number_kind,
        number,
        birth_date,
        case
            when number_kind = 'residence_permit' and number like '83%' then 'taiwan'
            when number_kind = 'residence_permit' and number like '82%' then 'macao'
            when number_kind = 'residence_permit' then 'hong_kong'
        end as origin,
        1 + below(person_id, 'renewals', 2) as renewals,
        -- the card in force was issued in the last five years, those before it each five earlier
        getvariable('today') - 30 - below(person_id, 'card issued', 1795)::integer as issued_date,
    from person
    where number_kind <> 'resident_number'
),
travelling as (
    select
        *,
        case
            when number_kind = 'home_return_permit' then number
            when number_kind = 'taiwan_travel_permit' then number
            when origin = 'taiwan' then (30000000 + person_id)::varchar
            when origin = 'macao' then 'M' || (30000000 + person_id)::varchar
            when origin = 'hong_kong' then 'H' || (30000000 + person_id)::varchar
        end as travel_number,
        coalesce(origin = 'taiwan', number_kind = 'taiwan_travel_permit') as is_of_taiwan,
    from holder
),
card as (
    -- card 0: the number the person is known by
    select
        person_id,
        0 as card_no,
        number_kind,
        case
            when origin = 'taiwan' then '552'
            when origin is not null then '551'
            when number_kind = 'home_return_permit' then '516'
            when number_kind = 'taiwan_travel_permit' then '511'
            else '553'
        end as card_kind_code,
        number,
        case
            when origin is not null then 1
            when number_kind in ('home_return_permit', 'taiwan_travel_permit') then 1
            when number_kind = 'permanent_resident_card'
                and chance(person_id, 'had an old card', 500000) then 1
        end as linked_card_no,
        case
            when number_kind = 'permanent_resident_card'
                then least(
                    greatest(
                        issued_date, date '2023-12-01' + below(person_id, 'new', 700)::integer
                    ),
                    getvariable('today') - 1
                )
            when number_kind = 'permanent_resident_card_old'
                then least(issued_date, date '2023-11-30')
            else issued_date
        end as issued_date,
    from travelling
    union all
    -- card 1 of people with a residence permit: the travel permit, renewed or not
    select
        person_id,
        1,
        case when is_of_taiwan then 'taiwan_travel_permit' else 'home_return_permit' end,
        case when is_of_taiwan then '511' else '516' end,
        travel_number,
        null,
        issued_date - 200,
    from travelling
    where origin is not null
    union all
    -- card 1 of people with a travel permit alone: the same permit before or after its renewal
    select
        person_id,
        1,
        number_kind,
        case when is_of_taiwan then '511' else '516' end,
        travel_number || '0' || renewals::varchar || case when is_of_taiwan then 'B' else '' end,
        null,
        issued_date - 1826,
    from travelling
    where number_kind in ('home_return_permit', 'taiwan_travel_permit')
    union all
    select
        person_id,
        2,
        number_kind,
        '516',
        travel_number || '0' || (renewals + 1)::varchar,
        1,
        issued_date - 913,
    from travelling
    where number_kind = 'home_return_permit' and chance(person_id, 'renewed twice', 400000)
    union all
    -- card 1 of some foreigners: the 15-character card of before December 2023
    select
        person_id,
        1,
        'permanent_resident_card_old',
        '553',
        -- the same countries, in the same order, as the numeric codes of the 18-digit card
        ['USA', 'GBR', 'JPN', 'KOR', 'DEU', 'RUS', 'VNM'][1 + below(person_id, 'country', 7)]
            || '3713' || lpad(person_id::varchar, 8, '0'),
        null,
        least(issued_date, date '2023-11-30') - 1000,
    from travelling
    where number_kind = 'permanent_resident_card'
        and chance(person_id, 'had an old card', 500000)
)
select
    *,
    issued_date + case
        when card_kind_code = '553' then 3652
        else 1826
    end as valid_to,
from card
"""
