-- Every statement about two relatives, one row per source record: `person_key` has the relative
-- `relative_person_key`, who is his spouse (10), parent (50), step or adoptive parent (57) or
-- guardian (91). The inverse is made later. Impossible statements carry the reason.
with record as (
    select * from {{ ref('int_population__person_matched') }}
    where person_key is not null
),

golden as (
    select * from {{ ref('int_population__person_golden') }}
),

student as (
    select * from {{ ref('stg_student_register__student') }}
),

member as (
    select * from {{ ref('int_population__household_member') }}
),

marriage as (
    select * from {{ ref('int_population__marriage_told') }}
    where person_key is not null and other_person_key is not null and role_code = 'male'
),

wed as (
    select
        person_key,
        other_person_key as relative_person_key,
        '10' as kinship_code,
        'marriage_register' as basis_code,
        system_code,
        table_code,
        source_key,
        source_at
    from marriage
),

born as (
    select
        child.person_key,
        parent.person_key as relative_person_key,
        '50' as kinship_code,
        'birth_certificate' as basis_code,
        child.system_code,
        child.table_code,
        child.source_key,
        child.source_at
    from record as child
    inner join record as parent
        on
            child.system_code = parent.system_code
            and child.table_code = parent.table_code
            and child.source_key = parent.source_key
    where
        child.table_code = 'birth_certificate'
        and child.role_code = 'newborn'
        and parent.role_code in ('mother', 'father')
),

head as (
    select
        system_code,
        household_no,
        min(person_key) as person_key
    from member
    where relation_code = '02'
    group by system_code, household_no
    having count(*) = 1
),

-- GB/T 4761 says what a member is to the head: a child of his is told from the child's side.
housed as (
    select
        case
            when substr(member.relation_code, 1, 1) in ('2', '3') then member.person_key
            else head.person_key
        end as person_key,
        case
            when substr(member.relation_code, 1, 1) in ('2', '3') then head.person_key
            else member.person_key
        end as relative_person_key,
        case
            when member.relation_code in ('10', '11', '12') then '10'
            when member.relation_code in ('27', '37', '57', '58') then '57'
            else '50'
        end as kinship_code,
        member.basis_code,
        member.system_code,
        'resident' as table_code,
        member.source_key,
        member.source_at
    from member
    inner join head
        on
            member.system_code = head.system_code
            and member.household_no = head.household_no
    where
        member.relation_code in (
            '10', '11', '12', '50', '51', '52', '57', '58',
            '20', '21', '22', '23', '24', '25', '26', '27', '29',
            '30', '31', '32', '33', '34', '35', '36', '37', '39'
        )
),

guarded as (
    select
        pupil.person_key,
        guardian.person_key as relative_person_key,
        student.guardian_relation_code,
        student.system_code,
        student.table_code,
        student.source_key,
        student.source_at
    from student
    inner join record as pupil
        on
            student.system_code = pupil.system_code
            and student.table_code = pupil.table_code
            and student.source_key = pupil.source_key
            and student.role_code = pupil.role_code
    inner join record as guardian
        on
            student.system_code = guardian.system_code
            and student.table_code = guardian.table_code
            and student.source_key = guardian.source_key
            and guardian.role_code = 'guardian'
    where student.role_code = 'self'
),

told as (
    select * from wed
    union all
    select * from born
    union all
    select * from housed
    union all
    select
        person_key,
        relative_person_key,
        '91' as kinship_code,
        'student_register' as basis_code,
        system_code,
        table_code,
        source_key,
        source_at
    from guarded
    union all
    select
        person_key,
        relative_person_key,
        '50' as kinship_code,
        'student_register' as basis_code,
        system_code,
        table_code,
        source_key,
        source_at
    from guarded
    where guardian_relation_code in ('50', '51', '52')
),

aged as (
    select
        told.*,
        person.birth_date,
        person.is_dead,
        person.death_date,
        relative.sex_code as relative_sex_code,
        relative.birth_date as relative_birth_date,
        relative.is_dead as relative_is_dead,
        relative.death_date as relative_death_date
    from told
    inner join golden as person
        on told.person_key = person.person_key
    inner join golden as relative
        on told.relative_person_key = relative.person_key
),

final as (
    select
        aged.*,
        case
            when aged.person_key = aged.relative_person_key then 'self'
            when
                aged.kinship_code in ('50', '57')
                and aged.birth_date < cast(aged.relative_birth_date + interval 12 year as date)
                then 'age_gap'
            when
                aged.kinship_code = '50'
                and aged.birth_date > cast(aged.relative_death_date + interval 300 day as date)
                then 'born_after_death'
            when
                aged.kinship_code = '10'
                and greatest(aged.birth_date, aged.relative_birth_date)
                > cast(cut.as_of_date - interval 15 year as date)
                then 'spouse_is_child'
        end as impossible_reason_code
    from aged
    cross join {{ source('meta', 'cut') }} as cut
)

select * from final
