{{ config(materialized='library') }}

-- The number is a natural key and not the primary key: repeated and wrong numbers exist. A number
-- that fails its check never identifies, so it is not here; see dq_population__doubtful_identity.
with record as (
    select *
    from {{ library_input('int_population__person_matched', key='person_key') }}
    where
        system_code not in ('identity_number', 'name_agreement')
        and verdict_code in ('own', 'former_name', 'near_name', 'second')
),

final as (
    select
        person_key,
        identity_kind_code as identifier_kind_code,
        identity_number as identifier_number,
        max(identity_grade_code) as grade_code,
        cast(count(*) as integer) as source_record_count,
        min(source_at) as first_seen_at,
        max(source_at) as last_seen_at,
        count(*) filter (where role_code = 'previous') > 0 as is_replaced
    from record
    group by person_key, identity_kind_code, identity_number
)

select * from final
