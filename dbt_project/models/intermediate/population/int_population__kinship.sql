-- Relatives from both sides: whoever is somebody's parent has him as a child. A spouse has one row
-- per marriage.
with weighed as (
    select * from {{ ref('int_population__kinship_weighed') }}
    where impossible_reason_code is null
),

period as (
    select * from {{ ref('int_population__marriage_period') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

dated as (
    select
        weighed.person_key,
        weighed.relative_person_key,
        weighed.kinship_code,
        coalesce(period.period_no, 1) as period_no,
        weighed.basis_code,
        period.valid_from,
        case
            when period.divorced_date is not null then period.divorced_date
            when
                weighed.kinship_code = '10'
                and coalesce(period.remarried_date >= weighed.first_death_date, true)
                then weighed.first_death_date
            when weighed.kinship_code = '91'
                then least(
                    cast(weighed.birth_date + interval 18 year as date), weighed.first_death_date
                )
        end as valid_to,
        case
            when weighed.kinship_code in ('50', '57') then null
            when period.divorced_date is not null then 'divorced'
            when
                period.remarried_date < weighed.first_death_date
                or (period.remarried_date is not null and not weighed.is_one_dead)
                then 'remarried'
            when weighed.is_one_dead then 'died'
            when
                weighed.kinship_code = '91'
                and cast(weighed.birth_date + interval 18 year as date) <= cut.as_of_date
                then 'of_age'
        end as end_reason_code,
        weighed.system_code,
        weighed.table_code,
        weighed.source_key,
        weighed.source_record_count,
        weighed.source_at
    from weighed
    cross join cut
    left join period
        on
            weighed.kinship_code = '10'
            and weighed.person_key = period.first_key
            and weighed.relative_person_key = period.second_key
),

both_ways as (
    select * from dated
    union all
    select
        relative_person_key as person_key,
        person_key as relative_person_key,
        case kinship_code when '10' then '10' when '50' then '20' when '57' then '27' else '92' end
            as kinship_code,
        period_no,
        basis_code,
        valid_from,
        valid_to,
        end_reason_code,
        system_code,
        table_code,
        source_key,
        source_record_count,
        source_at
    from dated
),

final as (
    select
        *,
        hash(both_ways) as _row_hash
    from both_ways
)

select * from final
