-- Events of a market entity that its register recorded; those of a record whose entity is not known
-- have no key and stay out (dq_legal_entity__unidentified_record names the record).
with event as (
    select * from {{ ref('stg_enterprise_register__status_event') }}
),

link as (
    select * from {{ ref('lib_legal_entity__link_entity_source') }}
),

final as (
    select
        link.entity_key,
        event.system_code,
        event.source_key,
        event.event_type_code,
        event.event_date,
        event.description,
        event.source_at
    from event
    inner join link
        on
            event.enterprise_no = link.source_key
            and link.system_code = 'enterprise_register'
            and link.table_code = 'enterprise'
)

select * from final
