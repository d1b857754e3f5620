-- What each department says about one person in one record. A row that speaks of several persons (a
-- marriage, a birth, a pupil with a guardian) yields a record for each, told apart by its role.
{%- set basic = ['name', 'sex_code', 'birth_date'] %}
{%- set settled = ['ethnicity_code', 'division_code', 'address', 'phone'] %}
{%- set arms = {
    'stg_household_register__resident': basic + [
        'resident_number', 'ethnicity_code', 'division_code', 'address', 'education_code',
        'marital_status_code', 'is_dead', 'death_date', 'register_anchor', 'household_no',
        'household_relation_code',
    ],
    'stg_household_register__migration': ['name', 'register_anchor'],
    'stg_household_register__name_change': ['name', 'register_anchor', 'former_name'],
    'stg_household_register__number_correction': ['name', 'register_anchor'],
    'stg_permit_register__permit': basic + ['resident_number', 'division_code', 'address', 'phone'],
    'stg_migrant_register__residence': basic + ['resident_number'] + settled,
    'stg_social_security__insured_person': basic + ['resident_number', 'education_code'] + settled,
    'stg_medical_insurance__participant': basic + ['resident_number'] + settled,
    'stg_health_record__resident_record': basic + ['resident_number'] + settled,
    'stg_health_record__birth_certificate': basic,
    'stg_health_record__death_certificate': basic + ['is_dead', 'death_date'],
    'stg_civil_registry__marriage_registration': ['name', 'sex_code', 'marital_status_code'],
    'stg_civil_registry__cremation': ['name', 'sex_code', 'is_dead', 'death_date'],
    'stg_assistance_register__recipient': ['name', 'division_code', 'address', 'phone'],
    'stg_student_register__student': basic + ['resident_number'] + settled,
    'stg_provident_fund__account': ['name', 'phone'],
    'stg_veteran_register__veteran': basic + settled,
    'stg_disability_register__disabled_person': [
        'name', 'sex_code', 'division_code', 'address', 'phone',
    ],
    'stg_transport_practitioner__practitioner': ['name', 'sex_code', 'address', 'phone'],
    'stg_tax_register__individual': basic + ['address', 'phone'],
    'stg_county_grid__resident': basic + settled + [
        'resident_number', 'education_code', 'marital_status_code', 'household_no',
        'household_relation_code',
    ],
    'stg_county_grid__subsidy': ['name', 'phone'],
} %}
with correction as (
    select * from {{ ref('stg_household_register__number_correction') }}
),

permit as (
    select * from {{ ref('stg_permit_register__permit') }}
),

-- A correction names the number it replaces, a card the card it is linked to: records of their own.
replaced_number as (
    select
        system_code,
        table_code,
        source_key,
        'previous' as role_code,
        previous_identity_number as identity_number,
        'resident' as identity_kind_code,
        previous_identity_grade_code as identity_grade_code,
        previous_identity_anchor as identity_anchor,
        register_anchor,
        name,
        source_at
    from correction
),

linked_card as (
    select
        system_code,
        table_code,
        source_key,
        'linked' as role_code,
        linked_identity_number as identity_number,
        case when linked_identity_anchor like 'resident:%' then 'resident' else 'permit' end
            as identity_kind_code,
        linked_identity_grade_code as identity_grade_code,
        linked_identity_anchor as identity_anchor,
        name,
        sex_code,
        birth_date,
        source_at
    from permit
    where linked_identity_number is not null
),

debtor as (
    select * from {{ ref('stg_enforcement_case__debtor') }}
    where debtor_kind_code = 'person'
),

final as (
    {{ person_record('debtor', ['name']) }}
    union all
    {{ person_record('replaced_number', ['name', 'register_anchor']) }}
    union all
    {{ person_record('linked_card', basic) }}
    {% for model, attributes in arms.items() -%}
    union all
    {{ person_record(ref(model), attributes) }}
    {% endfor %}
)

select * from final
