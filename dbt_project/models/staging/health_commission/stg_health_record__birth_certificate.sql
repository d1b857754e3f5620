-- A certificate speaks of the newborn and of his parents: one row for each, so that all are
-- identified alike. The newborn has no number yet; he is found through his parents and the day.
with source as (
    select * from {{ source('health_record', 'birth_certificate') }}
),

party as (
    select
        certificate_no,
        institution_name,
        issued_date,
        updated_at,
        'newborn' as role_code,
        newborn_name as name,
        sex_name,
        birth_date,
        cast(null as varchar) as number
    from source
    union all
    select
        certificate_no,
        institution_name,
        issued_date,
        updated_at,
        'mother' as role_code,
        mother_name as name,
        '女' as sex_name,
        cast(null as date) as birth_date,
        {{ normalise_number('mother_id_number') }} as number
    from source
    where mother_name is not null or mother_id_number is not null
    union all
    select
        certificate_no,
        institution_name,
        issued_date,
        updated_at,
        'father' as role_code,
        father_name as name,
        '男' as sex_name,
        cast(null as date) as birth_date,
        {{ normalise_number('father_id_number') }} as number
    from source
    where father_name is not null or father_id_number is not null
),

identified as (
    {{ person_identity('party') }}
),

final as (
    select
        'health_record' as system_code,
        'birth_certificate' as table_code,
        identified.certificate_no as source_key,
        identified.role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        {{ clean_text('identified.institution_name') }} as institution_name,
        identified.issued_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_name') }}
)

select * from final
