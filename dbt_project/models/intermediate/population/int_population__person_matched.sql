-- Every record with the person it speaks of and the rank of each of its values. Records without a
-- usable identity have no person; `dq_population__unidentified_record` lists them.
with record as (
    select * from {{ ref('int_population__person_record') }}
    union all
    select * from {{ ref('int_population__number_record') }}
),

register as (
    select * from {{ ref('int_population__identity_register') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

precedence as (
    select * from {{ ref('int_population__source_precedence') }}
),

doubted as (
    select * from {{ ref('int_population__death_doubted') }}
),

matched as (
    select
        register.key as person_key,
        record.*,
        doubted.source_key is not null as is_doubted,
        {{ rank_base(
            'record.source_at', 'cut.as_of_date', 'precedence.source_no',
            "record.source_key || record.role_code"
        ) }} as rank_base,
        {{ priority_columns('precedence', population_attributes()) }}
    from record
    cross join cut
    inner join precedence
        on
            record.system_code = precedence.system_code
            and record.table_code = precedence.table_code
    left join register
        on
            record.identity_anchor = register.anchor
            and register.operation = 'mint'
    left join doubted
        on
            record.system_code = doubted.system_code
            and record.table_code = doubted.table_code
            and record.source_key = doubted.source_key
),

-- Equal ranks would make the winner differ from run to run: of records of one person that agree in
-- source, second and mixer only one has a say. A doubted record has none.
ranked as (
    select
        *,
        row_number() over (
            partition by person_key, rank_base
            order by source_key, role_code
        ) = 1
        and not is_doubted as has_a_say
    from matched
),

valued as (
    select
        person_key,
        system_code,
        table_code,
        source_key,
        role_code,
        identity_number,
        identity_kind_code,
        identity_grade_code,
        identity_anchor,
        {{ ranked_attributes(population_attributes()) }},
        source_at
    from ranked
),

final as (
    select
        *,
        hash(valued) as _row_hash
    from valued
)

select * from final
