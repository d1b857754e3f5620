-- Records that speak of a person whom no valid number identifies. A household-register resident is
-- a person all the same (the register is his record); other records wait here for a steward.
with record as (
    select * from {{ ref('int_population__person_matched') }}
),

final as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        person_key,
        identity_grade_code,
        identity_number,
        name,
        birth_date,
        source_at
    from record
    where identity_anchor is null or identity_anchor like 'source:%'
)

select * from final
