-- Numbers that bear more than one name, or a birthday that is not in them: who the bearer is, and
-- what becomes of the others.
--
-- own          the bearer's: the name of the police register if it has one and its birthday is the
--              number's, else of most systems
-- former_name  the bearer under another name: before a change the police know of, or, of somebody
--              they do not register, another given name with the same surname and birthday
-- near_name    one syllable off, nothing else against it; or surname and birthday agree, and one or
--              two systems write the rest otherwise: a clerk's slip
-- second       the number was given out twice (重号): the register holds another person with it, or
--              has given him a new one; or several systems know another of the same birthday
-- foreign      the number of somebody else on this record (错号)
with record as (
    select
        record.*,
        reading.reading
    from {{ ref('int_population__person_record') }} as record
    inner join {{ ref('int_population__name_reading') }} as reading
        on record.name = reading.name
),

claiming as (
    select
        *,
        system_code = 'household_register' and table_code = 'resident' as is_registered
    from record
    where identity_anchor is not null
),

numbered as (
    select
        *,
        -- Sequence 996 to 999 of a 15-digit number marks somebody born in the century before.
        case
            when identity_anchor like 'resident:%' and substr(identity_anchor, 24) < '996'
                then cast(substr(identity_anchor, 10) as bigint)
        end as n17
    from claiming
),

dated as (
    select
        *,
        {{ resident_number_birth_date('n17') }} as number_birth_date
    from numbered
),

weighed as (
    select
        *,
        birth_date = number_birth_date
        or {{ is_swapped_date('birth_date', 'number_birth_date') }} as is_birth_agreed
    from dated
),

-- One record of two with another birthday is its slip; when all have it, something is wrong with
-- the number, unless the police say that he bore it.
contested as (
    select identity_anchor
    from weighed
    group by identity_anchor
    having
        min(reading) <> max(reading)
        or (
            count(*) filter (where is_birth_agreed) = 0
            and count(*) filter (where not is_birth_agreed) > 0
            and count(*) filter (where role_code = 'previous') = 0
        )
),

counted as (
    select
        weighed.identity_anchor,
        weighed.reading,
        min(weighed.name) as name,
        count(*) as record_count,
        count(distinct weighed.system_code) as system_count,
        min(weighed.register_anchor) filter (where weighed.is_registered) as register_anchor,
        min(weighed.register_anchor) filter (where weighed.role_code = 'previous')
            as former_register_anchor,
        min(weighed.household_no) filter (where weighed.is_registered) as household_no,
        count(*) filter (where weighed.is_birth_agreed) as agreed_birth_count,
        count(*) filter (where not weighed.is_birth_agreed) as contradicted_birth_count,
        max(weighed.number_birth_date) as number_birth_date,
        max(weighed.birth_date) filter (where not coalesce(weighed.is_birth_agreed, false))
            as other_birth_date
    from weighed
    inner join contested
        on weighed.identity_anchor = contested.identity_anchor
    group by weighed.identity_anchor, weighed.reading
),

-- A mistyped birthday among many right ones changes nothing.
claim as (
    select
        *,
        agreed_birth_count > contradicted_birth_count as is_agreed,
        contradicted_birth_count > agreed_birth_count as is_contradicted,
        case
            when agreed_birth_count > contradicted_birth_count then number_birth_date
            else other_birth_date
        end as birth_date
    from counted
),

ranked as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by
                case
                    when register_anchor is not null and not is_contradicted then 0
                    when is_agreed then 1
                    when register_anchor is not null then 2
                    else 3
                end,
                system_count desc,
                record_count desc,
                register_anchor asc,
                reading asc
        ) as place
    from claim
),

-- Somebody of that very name and birthday bears another number that says this birthday: then it is
-- his record, with the wrong number on it. Whoever has two rows in the register is two people.
namesake_number as (
    select
        ranked.identity_anchor,
        ranked.reading
    from ranked
    inner join weighed
        on
            ranked.name = weighed.name
            and ranked.birth_date = coalesce(weighed.number_birth_date, weighed.birth_date)
    where
        ranked.identity_anchor <> weighed.identity_anchor
        and coalesce(weighed.is_birth_agreed, weighed.number_birth_date is null)
    group by
        ranked.identity_anchor,
        ranked.reading,
        ranked.register_anchor,
        weighed.identity_anchor
    having
        ranked.register_anchor is null
        or count(*) filter (where weighed.is_registered) = 0
),

namesake as (
    select distinct
        identity_anchor,
        reading
    from namesake_number
),

bearer as (
    select
        ranked.*,
        ranked.is_contradicted
        and ranked.former_register_anchor is null
        and namesake.reading is not null as is_misplaced
    from ranked
    left join namesake
        on
            ranked.identity_anchor = namesake.identity_anchor
            and ranked.reading = namesake.reading
    where ranked.place = 1
),

-- The same of somebody of that name in the bearer's own household.
housemate as (
    select distinct
        ranked.identity_anchor,
        ranked.reading
    from ranked
    inner join bearer
        on ranked.identity_anchor = bearer.identity_anchor
    inner join record
        on
            ranked.reading = record.reading
            and bearer.household_no = record.household_no
    where
        ranked.place > 1
        and ranked.register_anchor is null
        and record.system_code = 'household_register'
        and record.identity_anchor is distinct from ranked.identity_anchor
),

-- Names before a change, by the row of the register and by the number the police wrote.
former_name as (
    select
        bearer.identity_anchor,
        reading.reading
    from bearer
    inner join record
        on bearer.register_anchor = record.register_anchor
    inner join {{ ref('int_population__name_reading') }} as reading
        on record.former_name = reading.name
    union
    select
        bearer.identity_anchor,
        reading.reading
    from bearer
    inner join record
        on bearer.identity_anchor = record.identity_anchor and bearer.reading = record.reading
    inner join {{ ref('int_population__name_reading') }} as reading
        on record.former_name = reading.name
),

compared as (
    select
        ranked.*,
        bearer.name as bearer_name,
        bearer.reading as bearer_reading,
        bearer.register_anchor as bearer_register_anchor,
        bearer.household_no as bearer_household_no,
        bearer.is_misplaced,
        former_name.reading is not null as is_former_name,
        coalesce(namesake.reading, housemate.reading) is not null as is_known_elsewhere,
        {{ reading_distance('ranked.reading', 'bearer.reading') }} as distance,
        ranked.register_anchor is null
        and ranked.is_agreed
        and split_part(ranked.reading, ' ', 1) = split_part(bearer.reading, ' ', 1)
            as is_of_surname_and_birthday
    from ranked
    inner join bearer
        on ranked.identity_anchor = bearer.identity_anchor
    left join former_name
        on
            ranked.identity_anchor = former_name.identity_anchor
            and ranked.reading = former_name.reading
    left join namesake
        on
            ranked.identity_anchor = namesake.identity_anchor
            and ranked.reading = namesake.reading
    left join housemate
        on
            ranked.identity_anchor = housemate.identity_anchor
            and ranked.reading = housemate.reading
),

judged as (
    select
        identity_anchor,
        reading,
        name,
        bearer_name,
        bearer_reading,
        bearer_register_anchor,
        bearer_household_no,
        coalesce(register_anchor, former_register_anchor) as register_anchor,
        system_count,
        record_count,
        case
            when place = 1 and not is_misplaced then 'own'
            when is_former_name then 'former_name'
            when former_register_anchor is not null then 'second'
            when is_misplaced or is_known_elsewhere or is_contradicted then 'foreign'
            when
                register_anchor is null
                and distance <= 1
                and (length(name) >= 3 or is_agreed)
                then 'near_name'
            -- The police hear of a change of name from those they register. Of others two names
            -- with one surname, number and birthday are a change forty times likelier than two
            -- people; and two slips are likelier than a bearer of that surname they do not know.
            when is_of_surname_and_birthday and bearer_register_anchor is null then 'former_name'
            when is_of_surname_and_birthday and system_count <= 2 then 'near_name'
            when register_anchor is not null then 'second'
            when is_agreed and system_count >= 2 then 'second'
            else 'foreign'
        end as verdict_code
    from compared
),

final as (
    select * from judged
)

select * from final
