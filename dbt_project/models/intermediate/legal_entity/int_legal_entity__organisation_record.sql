-- What each department says about one organisation in one record. Where no credit code tells the
-- category, the register that keeps the record does.
{%- set contact = ['division_code', 'address', 'phone'] %}
{%- set represented = ['representative_name', 'representative_number'] %}
{%- set arms = {
    'stg_enterprise_register__enterprise': [
        legal_entity_attributes(),
        "case when organisation_type_code like '95%' then '92'"
        ~ " when organisation_type_code like '91%' then '93' else '91' end",
    ],
    'stg_civil_registry__social_organisation': [
        contact + represented + ['organisation_type_code', 'status_code', 'established_date',
            'ended_date', 'registered_capital_cny'],
        'organisation_type_code',
    ],
    'stg_institution_register__institution': [
        contact + represented + ['organisation_type_code', 'status_code', 'established_date',
            'ended_date', 'valid_to'],
        'organisation_type_code',
    ],
    'stg_grassroots_register__committee': [
        contact + represented + ['organisation_type_code', 'status_code', 'established_date'],
        'organisation_type_code',
    ],
    'stg_rural_collective__collective': [
        represented + ['division_code', 'address', 'organisation_type_code', 'established_date'],
        'organisation_type_code',
    ],
    'stg_union_register__union': [
        ['division_code', 'address', 'representative_name', 'established_date'],
        "'81'",
    ],
    'stg_religious_site__site': [
        ['division_code', 'address', 'representative_name', 'established_date'],
        "'71'",
    ],
    'stg_legal_service__law_firm': [
        contact + represented + ['status_code', 'established_date'],
        'cast(null as varchar)',
    ],
    'stg_tax_register__taxpayer': [
        contact + represented + ['organisation_type_code', 'status_code', 'industry_code'],
        'cast(null as varchar)',
    ],
    'stg_social_security__insured_unit': [
        contact + represented + ['organisation_type_code', 'status_code'],
        'cast(null as varchar)',
    ],
    'stg_basic_unit__unit': [
        contact + ['representative_name', 'status_code', 'industry_code'],
        'cast(null as varchar)',
    ],
    'stg_student_register__school': [
        contact + ['representative_name'],
        'cast(null as varchar)',
    ],
    'stg_county_grid__merchant': [
        contact + represented + ['organisation_type_code', 'status_code'],
        'cast(null as varchar)',
    ],
} %}
with debtor as (
    select
        *,
        cast(null as varchar) as representative_name
    from {{ ref('stg_enforcement_case__debtor') }}
    where debtor_kind_code = 'organisation'
),

final as (
    {%- for model, (attributes, category) in arms.items() %}
    {{ organisation_record(ref(model), attributes, category) }}
    union all
    {%- endfor %}
    {{ organisation_record('debtor', []) }}
)

select * from final
