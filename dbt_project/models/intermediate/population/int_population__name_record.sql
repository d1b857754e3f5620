-- A name that the register alone writes, where at least three other systems agree on another that
-- reads the same but for one syllable at most: a slip of the register. What they agree on is one
-- more record. A changed name is none of this: it reads otherwise, or the police know of it.
with record as (
    select * from {{ ref('int_population__record_identified') }}
    where identity is not null and name is not null
),

registered as (
    select
        identity,
        min(name) as name,
        min(reading) as reading
    from record
    where system_code = 'household_register' and table_code = 'resident'
    group by identity
    having min(name) = max(name)
),

former as (
    select distinct
        identity,
        former_name as name
    from record
    where former_name is not null
),

said as (
    select
        record.identity,
        record.name,
        count(distinct record.system_code) as system_count,
        max(record.source_at) as source_at
    from record
    inner join registered
        on record.identity = registered.identity
    left join former
        on record.identity = former.identity and record.name = former.name
    where
        record.system_code <> 'household_register'
        and former.name is null
        and (
            record.name = registered.name
            or {{ reading_distance('record.reading', 'registered.reading') }} <= 1
        )
    group by record.identity, record.name
),

-- Nobody else writes it as the register does, and one writing stands out.
ranked as (
    select
        said.*,
        row_number() over (
            partition by said.identity
            order by said.system_count desc, said.name asc
        ) as place,
        max(case when said.name = registered.name then 1 else 0 end) over (
            partition by said.identity
        ) as has_agreement
    from said
    inner join registered
        on said.identity = registered.identity
),

stated as (
    select
        'name_agreement' as system_code,
        'resident' as table_code,
        identity as source_key,
        'self' as role_code,
        cast(null as varchar) as identity_number,
        cast(null as varchar) as identity_kind_code,
        cast(null as varchar) as identity_grade_code,
        cast(null as varchar) as identity_anchor,
        identity,
        name,
        source_at
    from ranked
    where place = 1 and has_agreement = 0 and system_count >= 3
),

spoken as (
    {{ person_record('stated', ['name']) }}
),

final as (
    select
        spoken.*,
        'own' as verdict_code,
        'agreement' as basis_code,
        spoken.source_key as identity
    from spoken
)

select * from final
