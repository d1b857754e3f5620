-- What each department says about one person in one record. Marriage registrations speak of two
-- persons and so yield two rows.
with resident as (
    select * from {{ ref('stg_household_register__resident') }}
),

insured_person as (
    select * from {{ ref('stg_social_security__insured_person') }}
),

resident_record as (
    select * from {{ ref('stg_health_record__resident_record') }}
),

marriage_party as (
    select * from {{ ref('stg_civil_registry__marriage_registration') }}
),

cremation as (
    select * from {{ ref('stg_civil_registry__cremation') }}
),

death_certificate as (
    select * from {{ ref('stg_health_record__death_certificate') }}
),

final as (
    {{ person_record(
        'resident',
        'household_register', 'resident',
        ['name', 'sex_code', 'birth_date', 'ethnicity_code', 'division_code', 'address',
         'education_code', 'marital_status_code', 'is_dead', 'death_date'],
    ) }}
    union all
    {{ person_record(
        'insured_person',
        'social_security', 'insured_person',
        ['name', 'sex_code', 'birth_date', 'ethnicity_code', 'division_code', 'address', 'phone',
         'education_code'],
    ) }}
    union all
    {{ person_record(
        'resident_record',
        'health_record', 'resident_record',
        ['name', 'sex_code', 'birth_date', 'ethnicity_code', 'division_code', 'address', 'phone'],
    ) }}
    union all
    {{ person_record(
        'marriage_party',
        'civil_registry', 'marriage_registration',
        ['name', 'sex_code', 'marital_status_code'],
    ) }}
    union all
    {{ person_record(
        'cremation',
        'civil_registry', 'cremation',
        ['name', 'sex_code', 'is_dead', 'death_date'],
    ) }}
    union all
    {{ person_record(
        'death_certificate',
        'health_record', 'death_certificate',
        ['name', 'sex_code', 'birth_date', 'is_dead', 'death_date'],
    ) }}
)

select * from final
