-- Relations whose subject is known; who is on the other side may be unknown (a head office
-- elsewhere) and is then told as it is written.
with relation as (
    select * from {{ ref('int_legal_entity__entity_relation') }}
),

final as (
    select
        entity_key,
        relation_code,
        kind_code,
        related_entity_key,
        reference_grade_code,
        related_stated_code,
        related_stated_name,
        valid_from,
        valid_to,
        system_code,
        table_code,
        source_key,
        source_at
    from relation
    where entity_key is not null
)

select * from final
