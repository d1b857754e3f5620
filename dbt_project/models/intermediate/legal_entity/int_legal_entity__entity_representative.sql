-- Who represented an organisation, and when. The register of enterprises dates its changes and
-- gives names; for every other organisation the name in force stands from its beginning. The person
-- behind a name is found by the numbers that records about this organisation write beside it (the
-- name alone finds nobody), the best source first.
with golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

matched as (
    select * from {{ ref('int_legal_entity__organisation_matched') }}
    where entity_key is not null
),

reference as (
    select * from {{ ref('int_legal_entity__person_reference') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

shareholder as (
    select * from {{ ref('stg_enterprise_register__shareholder') }}
),

change as (
    select
        entity_key.entity_key,
        change.*
    from {{ ref('stg_enterprise_register__change') }} as change
    inner join entity_key
        on 'source:enterprise_register.enterprise:' || change.enterprise_no = entity_key.anchor
    where change.item_code = '02'
),

ordered as (
    select
        *,
        row_number() over (partition by entity_key order by changed_date, source_key) as place,
        lead(changed_date) over (partition by entity_key order by changed_date, source_key)
            as next_date
    from change
),

period as (
    select
        entity_key,
        value_before as name,
        cast(null as date) as begun_date,
        changed_date as valid_to
    from ordered
    where place = 1
    union all
    select
        entity_key,
        value_after as name,
        changed_date as begun_date,
        next_date as valid_to
    from ordered
),

written as (
    select name from period
    union
    select name from reference
    union
    select representative_name as name from golden
),

reading as (
    {{ name_readings('written') }}
),

-- The name in force, when no change tells of it.
told as (
    select
        period.*,
        reading.reading
    from period
    inner join reading
        on period.name = reading.name
),

told_of as (
    select distinct entity_key from told
),

in_force as (
    select
        golden.entity_key,
        golden.representative_name as name,
        reading.reading,
        golden.established_date,
        golden.ended_date
    from golden
    inner join reading
        on golden.representative_name = reading.name
),

served as (
    select
        told.entity_key,
        told.name,
        told.reading,
        coalesce(told.begun_date, in_force.established_date) as valid_from,
        told.valid_to,
        told.valid_to is null and told.reading = in_force.reading as is_current
    from told
    left join in_force
        on told.entity_key = in_force.entity_key
    union all
    select
        in_force.entity_key,
        in_force.name,
        in_force.reading,
        case when told.entity_key is null then in_force.established_date end as valid_from,
        cast(null as date) as valid_to,
        true as is_current
    from in_force
    left join told_of as told
        on in_force.entity_key = told.entity_key
    left join told as last_told
        on
            in_force.entity_key = last_told.entity_key
            and in_force.reading = last_told.reading
            and last_told.valid_to is null
    where last_told.entity_key is null
),

witness as (
    select
        matched.entity_key,
        reference.*,
        matched.representative_name_rank as witness_rank,
        matched.source_at
    from matched
    inner join reference
        on
            matched.system_code = reference.system_code
            and matched.table_code = reference.table_code
            and matched.source_key = reference.source_key
    where reference.role_code = 'representative'
    union all
    -- A founder who once stood for his company mostly still owns a share of it.
    select
        entity_key.entity_key,
        reference.*,
        cast(null as bigint) as witness_rank,
        shareholder.source_at
    from reference
    inner join shareholder
        on reference.source_key = shareholder.source_key
    inner join entity_key
        on 'source:enterprise_register.enterprise:' || shareholder.enterprise_no = entity_key.anchor
    where reference.role_code = 'shareholder' and reference.reference_grade_code = 'found'
),

-- Of the records that write this name for the organisation: the one that leads to a person and
-- ranks highest.
proof as (
    select
        witness.*,
        reading.reading,
        row_number() over (
            partition by witness.entity_key, reading.reading
            order by
                witness.reference_grade_code <> 'found' asc,
                witness.reference_grade_code = 'missing' asc,
                witness.witness_rank desc nulls last,
                witness.source_key asc
        ) as place
    from witness
    inner join reading
        on witness.name = reading.name
),

final as (
    select
        served.entity_key,
        served.name as representative_name,
        proof.person_key,
        coalesce(proof.reference_grade_code, 'missing') as reference_grade_code,
        served.valid_from,
        served.valid_to,
        served.is_current,
        cast(
            row_number() over (
                partition by served.entity_key
                order by served.valid_to nulls last, served.valid_from nulls first, served.name
            ) as integer
        ) as place_no,
        proof.system_code,
        proof.source_at
    from served
    left join proof
        on
            served.entity_key = proof.entity_key
            and served.reading = proof.reading
            and proof.place = 1
)

select * from final
