-- The state of an organisation. The registration authority's word comes first, then its events (an
-- end that is registered is an end, even where the row has not followed), then other departments,
-- and for an enterprise that gave way to a successor the succession.
--
-- Of departments an end that one states comes before what the others write: they hear of it late,
-- and taxation, insurance and statistics have no word for 吊销 but 非正常 or 暂停.
with golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

department_end as (
    select
        entity_key,
        max_by(status_code, status_code_rank) as status_code
    from {{ ref('int_legal_entity__organisation_matched') }}
    where status_code in ('3', '4') and status_code_rank is not null
    group by entity_key
),

event as (
    select
        entity_key.entity_key,
        event.event_type_code,
        event.event_date,
        event.ends_the_enterprise
    from {{ ref('stg_enterprise_register__status_event') }} as event
    inner join entity_key
        on 'source:enterprise_register.enterprise:' || event.enterprise_no = entity_key.anchor
    where event.event_type_code <> '02'
),

last_event as (
    select
        entity_key,
        case max_by(
            event_type_code,
            {{ epoch_second('event_date') }} * 100 + cast(event_type_code as integer)
        )
            when '03' then '4'
            when '04' then '3'
            when '05' then '2'
            else '1'
        end as status_code,
        max(event_date) filter (where ends_the_enterprise) as ended_date
    from event
    group by entity_key
),

given_way as (
    select
        reference.entity_key,
        max_by(succession.succession_kind_code, {{ epoch_second('succession.succeeded_date') }})
            as succession_kind_code,
        max(succession.succeeded_date) as succeeded_date
    from {{ ref('stg_enterprise_register__succession') }} as succession
    inner join {{ ref('code_succession_kind') }} as succession_kind
        on succession.succession_kind_code = succession_kind.kind_code
    inner join {{ ref('int_legal_entity__organisation_reference') }} as reference
        on
            succession.source_key = reference.source_key
            and reference.table_code = 'succession'
            and reference.role_code = 'predecessor'
    where succession_kind.ends_predecessor and reference.entity_key is not null
    group by reference.entity_key
),

derived as (
    select
        golden.entity_key,
        golden.status_code as stated_status_code,
        golden.ended_date as stated_ended_date,
        golden.category_code,
        last_event.ended_date as event_ended_date,
        given_way.succeeded_date,
        given_way.succession_kind_code,
        {{ rank_priority('golden.status_code_rank') }} as stated_priority,
        case
            when
                golden.status_code in ('3', '4')
                and {{ rank_priority('golden.status_code_rank') }} = 1
                then 'register'
            when last_event.status_code in ('3', '4') then 'event'
            when
                {{ rank_priority('golden.status_code_rank') }} > 1
                and golden.status_code not in ('3', '4')
                and given_way.entity_key is not null then 'succession'
            when {{ rank_priority('golden.status_code_rank') }} = 1 then 'register'
            when last_event.status_code is not null then 'event'
            when golden.status_code is not null then 'department'
            when given_way.entity_key is not null then 'succession'
            else 'none'
        end as status_basis_code,
        last_event.status_code as event_status_code,
        coalesce(department_end.status_code, golden.status_code) as department_status_code
    from golden
    left join last_event
        on golden.entity_key = last_event.entity_key
    left join given_way
        on golden.entity_key = given_way.entity_key
    left join department_end
        on golden.entity_key = department_end.entity_key
),

stated as (
    select
        *,
        case status_basis_code
            when 'register' then stated_status_code
            when 'department' then department_status_code
            when 'event' then event_status_code
            when 'succession' then '4'
        end as status_code
    from derived
),

final as (
    select
        entity_key,
        status_code,
        status_basis_code,
        case
            when status_code in ('3', '4')
                then coalesce(stated_ended_date, event_ended_date, succeeded_date)
        end as ended_date,
        case
            when status_code = '3' then 'revoked'
            when status_code is null or status_code <> '4' then null
            when succession_kind_code in ('1', '2') then 'merged'
            when succession_kind_code is not null then 'converted'
            when category_code in ('11', '13') then 'abolished'
            else 'cancelled'
        end as end_reason_code
    from stated
)

select * from final
