-- Where a chain of versions is not whole, one row per licence version and break.
with chained as (
    select * from {{ ref('int_licence__version_chained') }}
),

licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

forked as (
    select * from chained
    where successor_count > 1
),

broken as (
    select
        licence_key,
        'gap' as break_code,
        predecessor_key as related_key
    from chained
    where missing_version_count > 0
    union all
    select
        chained.licence_key,
        'fork' as break_code,
        forked.licence_key as related_key
    from chained
    inner join forked
        on chained.predecessor_key = forked.licence_key
    union all
    select
        licence_key,
        'cycle' as break_code,
        cast(null as bigint) as related_key
    from chained
    where is_on_circle
    union all
    select
        licence_key,
        'previous_unknown' as break_code,
        cast(null as bigint) as related_key
    from chained
    where is_previous_unknown
    union all
    select
        licence_key,
        'previous_unstated' as break_code,
        cast(null as bigint) as related_key
    from chained
    where is_previous_unstated
),

final as (
    select
        broken.licence_key,
        broken.break_code,
        broken.related_key,
        chained.missing_version_count,
        chained.version_no,
        chained.stated_previous_identifier,
        licence.system_code,
        licence.source_key,
        licence.licence_name
    from broken
    inner join chained
        on broken.licence_key = chained.licence_key
    inner join licence
        on broken.licence_key = licence.licence_key
)

select * from final
