with person as (
    select * from {{ ref('lib_population__entity_person') }}
),

division as (
    select *
    from {{ ref('lib_shared__code_division') }}
    where is_current
),

final as (
    select
        person.division_code,
        division.division_name,
        cast(count(*) filter (where not person.is_deceased) as bigint) as living_person_count,
        cast(count(*) filter (
            where not person.is_deceased and person.sex_code = '1'
        ) as bigint) as living_male_count,
        cast(count(*) filter (
            where not person.is_deceased and person.sex_code = '2'
        ) as bigint) as living_female_count,
        cast(count(*) filter (where person.is_deceased) as bigint) as deceased_person_count
    from person
    left join division
        on person.division_code = division.division_code
    group by person.division_code, division.division_name
)

select * from final
