-- What sources with a say state otherwise than the golden record, value by value. Names that differ
-- in their way of writing alone are no conflict. `conflict_code` tells the ones that matter most: a
-- unit that its register has ended and another department still keeps, and the reverse.
with record as (
    select * from {{ ref('int_legal_entity__organisation_matched') }}
),

golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

status as (
    select * from {{ ref('int_legal_entity__entity_status') }}
),

stated as (
    {% for attribute in comparable_legal_entity_attributes() %}
    {%- set compared = 'record.name_key <> ' ~ organisation_name_key('golden.name')
        if attribute == 'name' else 'record.' ~ attribute ~ ' <> golden.' ~ attribute %}
    select
        record.entity_key,
        '{{ attribute }}' as attribute_code,
        cast(golden.{{ attribute }} as varchar) as golden_value,
        cast(record.{{ attribute }} as varchar) as stated_value,
        record.system_code,
        record.table_code,
        record.source_key,
        record.source_at
    from golden
    inner join record
        on golden.entity_key = record.entity_key
    where
        golden.{{ attribute }}_is_conflicted
        and record.{{ attribute }}_rank is not null
        and {{ compared }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        stated.*,
        case
            when stated.attribute_code <> 'status_code' then 'value'
            when status.status_code in ('3', '4') and stated.stated_value not in ('3', '4')
                then 'kept_after_end'
            when status.status_code not in ('3', '4') and stated.stated_value in ('3', '4')
                then 'ended_elsewhere'
            else 'value'
        end as conflict_code,
        status.ended_date
    from stated
    inner join status
        on stated.entity_key = status.entity_key
)

select * from final
