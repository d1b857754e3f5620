-- What each register says about one organisation in one record.
with enterprise as (
    select * from {{ ref('stg_enterprise_register__enterprise') }}
),

social_organisation as (
    select * from {{ ref('stg_civil_registry__social_organisation') }}
),

insured_unit as (
    select * from {{ ref('stg_social_security__insured_unit') }}
),

final as (
    {{ organisation_record(
        'enterprise',
        'enterprise_register', 'enterprise',
        legal_entity_attributes(),
    ) }}
    union all
    {{ organisation_record(
        'social_organisation',
        'civil_registry', 'social_organisation',
        ['uscc', 'name', 'organisation_type_code', 'status_code', 'established_date', 'ended_date',
         'division_code', 'address', 'phone', 'registered_capital_cny', 'representative_name',
         'representative_number'],
    ) }}
    union all
    {{ organisation_record(
        'insured_unit',
        'social_security', 'insured_unit',
        ['uscc', 'registration_number', 'name', 'organisation_type_code', 'status_code',
         'division_code', 'address', 'phone', 'representative_name', 'representative_number'],
    ) }}
)

select * from final
