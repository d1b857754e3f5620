-- A registration speaks of two persons: one row for each, so that both are identified alike. What
-- it says of the marriage holds from the day of registration, whenever the row was last touched.
with source as (
    select * from {{ source('civil_registry', 'marriage_registration') }}
),

party as (
    select
        registration_no,
        registration_type_code,
        registered_date,
        division_code,
        updated_at,
        'male' as role_code,
        male_name as name,
        '1' as sex_code,
        {{ normalise_number('male_id_number') }} as number
    from source
    union all
    select
        registration_no,
        registration_type_code,
        registered_date,
        division_code,
        updated_at,
        'female' as role_code,
        female_name as name,
        '2' as sex_code,
        {{ normalise_number('female_id_number') }} as number
    from source
),

identified as (
    {{ person_identity('party') }}
),

final as (
    select
        'civil_registry' as system_code,
        'marriage_registration' as table_code,
        identified.registration_no as source_key,
        identified.role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        identified.sex_code,
        {{ clean_text('identified.registration_type_code') }} as registration_type_code,
        marital_status.standard_code as marital_status_code,
        identified.registered_date,
        cast(identified.registered_date as timestamp) as source_at
    from identified
    {{- join_crosswalk(
        'marital_status', 'marriage_registration_type', 'identified.registration_type_code'
    ) }}
)

select * from final
