-- What speaks against a death as the library holds it: another day, a paper older than the death,
-- an act of the dead, or a register that has not cancelled him a month later (户口登记条例第八条).
with golden as (
    select * from {{ ref('int_population__person_golden') }}
    where is_dead
),

told as (
    select * from {{ ref('int_population__death_told') }}
),

event as (
    select * from {{ ref('int_population__person_event') }}
),

register_record as (
    select * from {{ ref('int_population__person_matched') }}
    where system_code = 'household_register' and table_code = 'resident'
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

spoken as (
    select
        told.person_key,
        'date_differs' as reason_code,
        golden.death_date,
        told.death_date as stated_date,
        told.system_code,
        told.table_code,
        told.source_key
    from told
    inner join golden
        on told.person_key = golden.person_key
    where told.death_date <> golden.death_date
    union all
    select
        told.person_key,
        'cremated_before' as reason_code,
        golden.death_date,
        told.cremation_date as stated_date,
        told.system_code,
        told.table_code,
        told.source_key
    from told
    inner join golden
        on told.person_key = golden.person_key
    where told.cremation_date < golden.death_date
    union all
    select
        told.person_key,
        'cancelled_before' as reason_code,
        golden.death_date,
        told.cancelled_date as stated_date,
        told.system_code,
        told.table_code,
        told.source_key
    from told
    inner join golden
        on told.person_key = golden.person_key
    where told.cancelled_date < golden.death_date
    union all
    select
        event.person_key,
        case event.event_kind_code when '10' then 'born_after' else 'acted_after' end
            as reason_code,
        golden.death_date,
        event.event_date as stated_date,
        event.system_code,
        event.table_code,
        event.source_key
    from event
    inner join golden
        on event.person_key = golden.person_key
    where
        event.event_kind_code in ('10', '31', '32', '33', '34', '41', '42', '51')
        and event.event_date > golden.death_date
    union all
    select
        register_record.person_key,
        'not_cancelled' as reason_code,
        golden.death_date,
        cast(null as date) as stated_date,
        register_record.system_code,
        register_record.table_code,
        register_record.source_key
    from register_record
    inner join golden
        on register_record.person_key = golden.person_key
    cross join cut
    where
        not coalesce(register_record.is_dead, false)
        and cast(golden.death_date + interval 1 month as date) < cut.as_of_date
),

final as (
    select
        person_key,
        reason_code,
        death_date,
        stated_date,
        system_code,
        table_code,
        source_key
    from spoken
)

select * from final
