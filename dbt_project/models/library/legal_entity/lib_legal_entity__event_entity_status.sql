-- What happened to an organisation, as its register recorded it. The register of enterprises keeps
-- events; of the others the row itself tells beginning and end.
with event as (
    select * from {{ ref('stg_enterprise_register__status_event') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
    where register_anchor is not null and system_code <> 'enterprise_register'
),

final as (
    select
        entity_key.entity_key,
        event.system_code,
        event.table_code,
        event.source_key,
        event.event_type_code,
        event.event_date,
        event.description,
        event.source_at
    from event
    inner join entity_key
        on 'source:enterprise_register.enterprise:' || event.enterprise_no = entity_key.anchor
    {%- for event_type_code, column in [('01', 'established_date'), ('03', 'ended_date')] %}
    union all
    select
        entity_key,
        system_code,
        table_code,
        source_key,
        '{{ event_type_code }}' as event_type_code,
        {{ column }} as event_date,
        cast(null as varchar) as description,
        source_at
    from record
    where {{ column }} is not null
    {%- endfor %}
)

select * from final
