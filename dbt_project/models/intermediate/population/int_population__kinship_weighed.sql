-- Each pair of relatives once per kind, with the best of what tells it and whether it may stand: a
-- person has one mother and one father, and where sources name more, the better source is believed.
with told as (
    select
        *,
        case basis_code
            when 'birth_certificate' then 1
            when 'marriage_register' then 2
            when 'household_register' then 3
            when 'student_register' then 4
            else 5
        end as basis_place
    from {{ ref('int_population__kinship_told') }}
),

-- Spouses tell it of each other: the lesser key stands first.
ordered as (
    select
        case
            when kinship_code = '10' then least(person_key, relative_person_key)
            else person_key
        end as person_key,
        case
            when kinship_code = '10' then greatest(person_key, relative_person_key)
            else relative_person_key
        end as relative_person_key,
        kinship_code,
        basis_code,
        basis_place,
        system_code,
        table_code,
        source_key,
        source_at,
        impossible_reason_code,
        birth_date,
        relative_birth_date,
        relative_sex_code,
        coalesce(is_dead, false) or coalesce(relative_is_dead, false) as is_one_dead,
        least(death_date, relative_death_date) as first_death_date
    from told
),

placed as (
    select
        *,
        row_number() over (
            partition by person_key, relative_person_key, kinship_code
            order by basis_place asc, source_at desc, system_code asc, source_key asc
        ) as place,
        cast(
            count(*) over (partition by person_key, relative_person_key, kinship_code) as integer
        ) as source_record_count
    from ordered
),

best as (
    select
        *,
        case
            when
                kinship_code = '50'
                and impossible_reason_code is null
                and relative_sex_code in ('1', '2')
                then row_number() over (
                    partition by person_key, kinship_code, relative_sex_code, impossible_reason_code
                    order by
                        basis_place asc,
                        source_record_count desc,
                        source_at desc,
                        relative_person_key asc
                )
        end as parent_place
    from placed
    where place = 1
),

final as (
    select
        person_key,
        relative_person_key,
        kinship_code,
        basis_code,
        system_code,
        table_code,
        source_key,
        source_record_count,
        source_at,
        birth_date,
        relative_birth_date,
        is_one_dead,
        first_death_date,
        case
            when impossible_reason_code is not null then impossible_reason_code
            when parent_place > 1 then 'other_parent'
        end as impossible_reason_code
    from best
)

select * from final
