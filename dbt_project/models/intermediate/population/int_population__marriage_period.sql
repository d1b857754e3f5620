-- One marriage of two people from its registration to their divorce, told once with the lesser key
-- first. Where only a later paper is on file, the beginning is unknown. Courts divorce too and tell
-- nobody: a marriage with somebody else since then says that the earlier one had ended.
with told as (
    select
        least(person_key, other_person_key) as first_key,
        greatest(person_key, other_person_key) as second_key,
        registration_type_code,
        registered_date
    from {{ ref('int_population__marriage_told') }}
    where person_key <> other_person_key and role_code = 'male'
),

begun as (
    select distinct
        first_key,
        second_key,
        registered_date as valid_from
    from told
    where registration_type_code = 'IA'
),

-- A paper before any registration on file: they had married earlier.
earliest as (
    select
        first_key,
        second_key,
        min(registered_date) as told_date,
        min(registered_date) filter (where registration_type_code = 'IA') as begun_date
    from told
    group by first_key, second_key
),

period as (
    select
        first_key,
        second_key,
        valid_from,
        valid_from as known_date
    from begun
    union all
    select
        first_key,
        second_key,
        cast(null as date) as valid_from,
        told_date as known_date
    from earliest
    where begun_date is null or told_date < begun_date
),

numbered as (
    select
        *,
        row_number() over (
            partition by first_key, second_key
            order by known_date
        ) as period_no,
        lead(known_date) over (
            partition by first_key, second_key
            order by known_date
        ) as next_date
    from period
),

ended as (
    select
        numbered.first_key,
        numbered.second_key,
        numbered.period_no,
        numbered.valid_from,
        numbered.known_date,
        min(told.registered_date) as divorced_date
    from numbered
    left join told
        on
            numbered.first_key = told.first_key
            and numbered.second_key = told.second_key
            and told.registration_type_code = 'IB'
            and numbered.known_date <= told.registered_date
            and told.registered_date <= coalesce(numbered.next_date, told.registered_date)
    group by
        numbered.first_key, numbered.second_key, numbered.period_no, numbered.valid_from,
        numbered.known_date
),

of_person as (
    select
        first_key as person_key,
        second_key,
        first_key,
        period_no,
        known_date
    from ended
    union all
    select
        second_key as person_key,
        second_key,
        first_key,
        period_no,
        known_date
    from ended
),

followed as (
    select
        *,
        lead(known_date) over (
            partition by person_key
            order by known_date, first_key, second_key, period_no
        ) as remarried_date
    from of_person
),

remarried as (
    select
        first_key,
        second_key,
        period_no,
        min(remarried_date) as remarried_date
    from followed
    group by first_key, second_key, period_no
),

final as (
    select
        ended.first_key,
        ended.second_key,
        cast(ended.period_no as integer) as period_no,
        ended.valid_from,
        ended.divorced_date,
        remarried.remarried_date
    from ended
    inner join remarried
        on
            ended.first_key = remarried.first_key
            and ended.second_key = remarried.second_key
            and ended.period_no = remarried.period_no
)

select * from final
