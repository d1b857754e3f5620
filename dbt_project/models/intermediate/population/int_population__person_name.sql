-- Every name a person is written by, or has borne, with how it reads.
with record as (
    select * from {{ ref('int_population__record_identified') }}
    where verdict_code in ('own', 'former_name', 'near_name', 'second') or basis_code = 'register'
),

person_key as (
    select * from {{ ref('int_population__person_key') }}
),

reading as (
    select * from {{ ref('int_population__name_reading') }}
),

written as (
    select
        identity,
        name,
        source_at
    from record
    where name is not null
    union all
    select
        identity,
        former_name as name,
        source_at
    from record
    where former_name is not null
),

named as (
    select
        person_key.person_key,
        written.name,
        reading.reading as name_reading,
        cast(count(*) as integer) as source_record_count,
        max(written.source_at) as last_seen_at
    from written
    inner join person_key
        on written.identity = person_key.identity
    inner join reading
        on written.name = reading.name
    group by person_key.person_key, written.name, reading.reading
),

final as (
    select
        *,
        hash(named) as _row_hash
    from named
)

select * from final
