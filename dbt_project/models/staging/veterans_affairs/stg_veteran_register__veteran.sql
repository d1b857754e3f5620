with source as (
    select * from {{ source('veteran_register', 'veteran') }}
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
        'veteran_register' as system_code,
        'veteran' as table_code,
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
        {{ division_in_force('division', 'identified.division_name', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        identified.enlisted_date,
        identified.discharged_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_name') }}
    {{- join_crosswalk('ethnicity', 'ethnicity', 'identified.ethnicity_name') }}
    {{- join_division('division', 'identified.division_name') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
