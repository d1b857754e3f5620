-- Licences a steward should look at, one row per licence and doubt.
with licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

doubt as (
    select
        *,
        'identifier_' || identifier_grade_code as doubt_code
    from licence
    where identifier_grade_code <> 'ok'
    union all
    select
        *,
        'holder_unresolved' as doubt_code
    from licence
    where person_key is null and entity_key is null
    union all
    select
        *,
        'issuer_unresolved' as doubt_code
    from licence
    where issuer_entity_key is null
    union all
    select
        *,
        'valid_to_unreadable' as doubt_code
    from licence
    where valid_to_grade_code = 'unreadable'
),

final as (
    select
        licence_key,
        doubt_code,
        source_key,
        licence_identifier,
        licence_name,
        issuer_code,
        holder_kind_code,
        holder_code,
        source_at
    from doubt
)

select * from final
