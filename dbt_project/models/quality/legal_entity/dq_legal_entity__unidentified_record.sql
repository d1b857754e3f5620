with record as (
    select * from {{ ref('int_legal_entity__organisation_matched') }}
),

final as (
    select
        system_code,
        table_code,
        source_key,
        entity_key,
        identity_grade_code,
        uscc,
        registration_number,
        name,
        source_at
    from record
    where resolved_anchor is null or resolved_anchor like 'source:%'
)

select * from final
