{{ config(materialized='library') }}

with record as (
    select * from {{ library_input('int_legal_entity__organisation_matched', key='entity_key') }}
),

golden as (
    select
        entity_key,
        max(organisation_code) as organisation_code,
        max(substr(resolved_anchor, 1, instr(resolved_anchor, ':') - 1)) as identity_basis_code,
        count(*) as source_record_count,
        {%- for attribute in legal_entity_attributes() %}
        {{ golden_attribute(attribute) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from record
    group by entity_key
),

final as (
    select
        *,
        hash(golden) as _row_hash
    from golden
)

select * from final
