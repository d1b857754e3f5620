-- What sources with a say state otherwise than the golden record, value by value.
with record as (
    select * from {{ ref('int_population__person_matched') }}
),

golden as (
    select * from {{ ref('int_population__person_golden') }}
),

final as (
    {% for attribute in population_attributes() %}
    select
        record.person_key,
        '{{ attribute }}' as attribute_code,
        cast(golden.{{ attribute }} as varchar) as golden_value,
        cast(record.{{ attribute }} as varchar) as stated_value,
        record.system_code,
        record.table_code,
        record.source_key,
        record.role_code,
        record.source_at
    from golden
    inner join record
        on golden.person_key = record.person_key
    where
        golden.{{ attribute }}_is_conflicted
        and record.{{ attribute }}_rank is not null
        and record.{{ attribute }} <> golden.{{ attribute }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
