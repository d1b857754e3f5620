-- Every record that tells a death of somebody who was found. The register tells the day it
-- cancelled him, not the day he died: `death_date` is what a certificate or a crematorium states.
with record as (
    select * from {{ ref('int_population__person_matched') }}
    where is_dead and person_key is not null
),

cremation as (
    select * from {{ ref('stg_civil_registry__cremation') }}
),

final as (
    select
        record.person_key,
        record.system_code,
        record.table_code,
        record.source_key,
        record.role_code,
        case when record.system_code <> 'household_register' then record.death_date end
            as death_date,
        case when record.system_code = 'household_register' then record.death_date end
            as cancelled_date,
        cremation.cremation_date,
        record.is_dead_rank as evidence_rank,
        record.source_at
    from record
    left join cremation
        on
            record.system_code = cremation.system_code
            and record.table_code = cremation.table_code
            and record.source_key = cremation.source_key
)

select * from final
