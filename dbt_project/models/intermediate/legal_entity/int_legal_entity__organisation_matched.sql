-- Every record with the organisation it speaks of and the rank of each of its values.
with record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

precedence as (
    select * from {{ ref('int_legal_entity__source_precedence') }}
),

matched as (
    select
        record.*,
        {{ rank_base(
            'record.source_at', 'cut.as_of_date', 'precedence.source_no',
            'record.source_key'
        ) }} as rank_base,
        {{ priority_columns('precedence', legal_entity_attributes()) }}
    from record
    cross join cut
    inner join precedence
        on
            record.system_code = precedence.system_code
            and record.table_code = precedence.table_code
),

ranked as (
    select
        *,
        row_number() over (
            partition by entity_key, rank_base
            order by source_key
        ) = 1 as has_a_say
    from matched
),

valued as (
    select
        entity_key,
        system_code,
        table_code,
        source_key,
        organisation_code,
        name_key,
        register_anchor,
        identity_grade_code,
        verdict_code,
        basis_code,
        {{ ranked_attributes(legal_entity_attributes()) }},
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
