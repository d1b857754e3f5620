with source as (
    {{ from_shape('county_grid', 'resident') }}
),

numbered as (
    select
        *,
        {{ normalise_number('id_number') }} as number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        identified.system_code,
        'resident' as table_code,
        identified.record_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        ethnicity.standard_code as ethnicity_code,
        {{ clean_text('identified.household_no') }} as household_no,
        household_relation.standard_code as household_relation_code,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        education.standard_code as education_code,
        marital_status.standard_code as marital_status_code,
        residence_kind.standard_code as residence_kind_code,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex', system='identified.system_code') }}
    {{- join_crosswalk(
        'ethnicity', 'ethnicity', 'identified.ethnicity', system='identified.system_code'
    ) }}
    {{- join_crosswalk(
        'household_relation', 'household_relation', 'identified.household_relation',
        system='identified.system_code'
    ) }}
    {{- join_crosswalk(
        'education', 'education', 'identified.education', system='identified.system_code'
    ) }}
    {{- join_crosswalk(
        'marital_status', 'marital_status', 'identified.marital_status',
        system='identified.system_code'
    ) }}
    {{- join_crosswalk(
        'residence_kind', 'residence_kind', 'identified.residence_kind',
        system='identified.system_code'
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
