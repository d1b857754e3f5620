-- Every name an organisation is written by. The register of enterprises dates its changes; what a
-- department writes otherwise has no dates.
with record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
    where entity_key is not null and name is not null
),

golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

change as (
    select
        entity_key.entity_key,
        change.*
    from {{ ref('stg_enterprise_register__change') }} as change
    inner join {{ ref('int_legal_entity__entity_key') }} as entity_key
        on 'source:enterprise_register.enterprise:' || change.enterprise_no = entity_key.anchor
    where change.item_code = '01'
),

dated as (
    select
        entity_key,
        name,
        max(begun_date) as begun_date,
        max(ended_date) as ended_date
    from (
        select
            entity_key,
            value_before as name,
            cast(null as date) as begun_date,
            changed_date as ended_date
        from change
        union all
        select
            entity_key,
            value_after as name,
            changed_date as begun_date,
            cast(null as date) as ended_date
        from change
    ) as change_side
    where name is not null
    group by entity_key, name
),

written as (
    select
        entity_key,
        name,
        cast(count(*) as integer) as source_record_count,
        max(source_at) as last_seen_at
    from record
    group by entity_key, name
),

named as (
    select
        coalesce(written.entity_key, dated.entity_key) as entity_key,
        coalesce(written.name, dated.name) as name,
        dated.begun_date as valid_from,
        -- a name taken up again has not ended
        case
            when dated.begun_date is null or dated.ended_date > dated.begun_date
                then dated.ended_date
        end as valid_to,
        coalesce(written.source_record_count, 0) as source_record_count,
        written.last_seen_at
    from written
    full outer join dated
        on written.entity_key = dated.entity_key and written.name = dated.name
),

told as (
    select
        named.*,
        {{ organisation_name_key('named.name') }} as name_key,
        case
            when named.name = golden.name then 'current'
            when named.valid_to is not null then 'former'
            else 'written'
        end as name_kind_code
    from named
    inner join golden
        on named.entity_key = golden.entity_key
),

final as (
    select
        *,
        hash(told) as _row_hash
    from told
)

select * from final
