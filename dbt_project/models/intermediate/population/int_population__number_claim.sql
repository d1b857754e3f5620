-- Numbers that bear more than one name: who the bearer is, and what becomes of the others.
--
-- own          the bearer's: the name of the police register if it has one, else of most systems
-- former_name  the bearer before a change of name the police know of
-- near_name    one syllable off, nothing else against it: a clerk's slip
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

contested as (
    select identity_anchor
    from claiming
    group by identity_anchor
    having min(reading) <> max(reading)
),

numbered as (
    select
        claiming.*,
        case
            when claiming.identity_anchor like 'resident:%'
                then cast(substr(claiming.identity_anchor, 10) as bigint)
        end as n17
    from claiming
    inner join contested
        on claiming.identity_anchor = contested.identity_anchor
),

dated as (
    select
        *,
        {{ resident_number_birth_date('n17') }} as number_birth_date
    from numbered
),

claim as (
    select
        identity_anchor,
        reading,
        min(name) as name,
        count(*) as record_count,
        count(distinct system_code) as system_count,
        min(register_anchor) filter (where is_registered) as register_anchor,
        min(register_anchor) filter (where role_code = 'previous') as former_register_anchor,
        min(household_no) filter (where is_registered) as household_no,
        max(birth_date) as birth_date,
        count(*) filter (
            where birth_date = number_birth_date
            or {{ is_swapped_date('birth_date', 'number_birth_date') }}
        ) as agreed_birth_count,
        count(*) filter (
            where birth_date <> number_birth_date
            and not {{ is_swapped_date('birth_date', 'number_birth_date') }}
        ) as contradicted_birth_count
    from dated
    group by identity_anchor, reading
),

ranked as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by
                case
                    when register_anchor is not null and contradicted_birth_count = 0 then 0
                    when register_anchor is not null then 1
                    when agreed_birth_count > 0 and contradicted_birth_count = 0 then 2
                    else 3
                end,
                register_anchor asc,
                system_count desc,
                record_count desc,
                reading asc
        ) as place
    from claim
),

bearer as (
    select * from ranked
    where place = 1
),

former_name as (
    select distinct
        record.register_anchor,
        reading.reading
    from record
    inner join {{ ref('int_population__name_reading') }} as reading
        on record.former_name = reading.name
    where record.register_anchor is not null
),

-- Somebody else of that name and birthday, or of that name in the bearer's own household: then it
-- is his record, with the wrong number on it.
namesake as (
    select distinct
        ranked.identity_anchor,
        ranked.reading
    from ranked
    inner join record
        on
            ranked.reading = record.reading
            and ranked.birth_date = record.birth_date
    where ranked.place > 1 and record.identity_anchor <> ranked.identity_anchor
    union
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
        and record.system_code = 'household_register'
        and record.identity_anchor is distinct from ranked.identity_anchor
),

judged as (
    select
        ranked.identity_anchor,
        ranked.reading,
        ranked.name,
        bearer.name as bearer_name,
        bearer.reading as bearer_reading,
        bearer.register_anchor as bearer_register_anchor,
        bearer.household_no as bearer_household_no,
        coalesce(ranked.register_anchor, ranked.former_register_anchor) as register_anchor,
        ranked.system_count,
        ranked.record_count,
        case
            when ranked.place = 1 then 'own'
            when former_name.reading is not null then 'former_name'
            when ranked.former_register_anchor is not null then 'second'
            when namesake.reading is not null then 'foreign'
            when
                ranked.contradicted_birth_count = 0
                and ranked.register_anchor is null
                and {{ reading_distance('ranked.reading', 'bearer.reading') }} <= 1
                and (length(ranked.name) >= 3 or ranked.agreed_birth_count > 0)
                then 'near_name'
            when ranked.contradicted_birth_count > 0 then 'foreign'
            when ranked.register_anchor is not null then 'second'
            when ranked.system_count >= 2 and ranked.agreed_birth_count > 0 then 'second'
            else 'foreign'
        end as verdict_code
    from ranked
    inner join bearer
        on ranked.identity_anchor = bearer.identity_anchor
    left join former_name
        on
            bearer.register_anchor = former_name.register_anchor
            and ranked.reading = former_name.reading
    left join namesake
        on
            ranked.identity_anchor = namesake.identity_anchor
            and ranked.reading = namesake.reading
),

final as (
    select * from judged
)

select * from final
