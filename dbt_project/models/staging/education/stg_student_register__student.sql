-- A row speaks of the student and of his guardian: one row for each. The telephone is the
-- guardian's, as pupils leave none; the address is where both live.
with source as (
    select * from {{ source('student_register', 'student') }}
),

party as (
    select
        student_no,
        school_code,
        school_name,
        grade_name,
        guardian_relation_name,
        division_code,
        address,
        updated_at,
        'self' as role_code,
        name,
        sex_name,
        birth_date,
        ethnicity_name,
        cast(null as varchar) as phone,
        {{ normalise_number('id_number') }} as number
    from source
    union all
    select
        student_no,
        school_code,
        school_name,
        grade_name,
        guardian_relation_name,
        division_code,
        address,
        updated_at,
        'guardian' as role_code,
        guardian_name as name,
        cast(null as varchar) as sex_name,
        cast(null as date) as birth_date,
        cast(null as varchar) as ethnicity_name,
        phone,
        {{ normalise_number('guardian_number') }} as number
    from source
    where guardian_name is not null or guardian_number is not null
),

identified as (
    {{ person_identity('party') }}
),

final as (
    select
        'student_register' as system_code,
        'student' as table_code,
        identified.student_no as source_key,
        identified.role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        ethnicity.standard_code as ethnicity_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        guardian_relation.standard_code as guardian_relation_code,
        {{ clean_text('identified.school_code') }} as school_code,
        {{ clean_text('identified.school_name') }} as school_name,
        {{ clean_text('identified.grade_name') }} as grade_name,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_name') }}
    {{- join_crosswalk('ethnicity', 'ethnicity', 'identified.ethnicity_name') }}
    {{- join_crosswalk(
        'guardian_relation', 'household_relation', 'identified.guardian_relation_name'
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
