{{ config(materialized='library') }}

-- Codes an organisation is or was known by. A code that failed its check, that is somebody else's
-- or that differs in the division is not here; see dq_legal_entity__doubtful_identity.
with record as (
    select * from {{ library_input('int_legal_entity__organisation_matched', key='entity_key') }}
),

identifier as (
    select
        entity_key,
        'uscc' as identifier_kind_code,
        uscc as identifier_number,
        source_at
    from record
    union all
    select
        entity_key,
        'organisation' as identifier_kind_code,
        organisation_code as identifier_number,
        source_at
    from record
    union all
    select
        entity_key,
        'registration' as identifier_kind_code,
        registration_number as identifier_number,
        source_at
    from record
),

counted as (
    select
        entity_key,
        identifier_kind_code,
        identifier_number,
        cast(count(*) as integer) as source_record_count,
        min(source_at) as first_seen_at,
        max(source_at) as last_seen_at
    from identifier
    where identifier_number is not null
    group by entity_key, identifier_kind_code, identifier_number
),

-- The credit code took the place of all older codes.
final as (
    select
        entity_key,
        identifier_kind_code,
        identifier_number,
        identifier_kind_code = 'uscc'
        or count(*) filter (where identifier_kind_code = 'uscc') over (partition by entity_key) = 0
            as is_current,
        source_record_count,
        first_seen_at,
        last_seen_at
    from counted
)

select * from final
