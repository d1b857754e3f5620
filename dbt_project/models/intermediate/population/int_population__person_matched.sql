-- Every record with the person it speaks of and the rank of each of its values. Records that lead
-- to nobody have no person; `dq_population__doubtful_identity` lists them.
with record as (
    select {{ person_record_columns() }}
    from {{ ref('int_population__record_identified') }}
    union all
    select {{ person_record_columns() }}
    from {{ ref('int_population__number_record') }}
    union all
    select {{ person_record_columns() }}
    from {{ ref('int_population__name_record') }}
),

person_key as (
    select * from {{ ref('int_population__person_key') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

precedence as (
    select * from {{ ref('int_population__source_precedence') }}
),

matched as (
    select
        person_key.person_key,
        record.*,
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
    left join person_key
        on record.identity = person_key.identity
),

-- Equal ranks would make the winner differ from run to run: of records of one person that agree in
-- source, second and mixer only one has a say.
ranked as (
    select
        *,
        row_number() over (
            partition by person_key, rank_base
            order by source_key, role_code
        ) = 1 as has_a_say
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
        verdict_code,
        basis_code,
        register_anchor,
        household_no,
        household_relation_code,
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
