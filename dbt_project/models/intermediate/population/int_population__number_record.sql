-- What a valid resident number itself says of its bearer, as one more record: digits 7 to 14 are
-- the date of birth, digit 17 the sex (GB 11643-1999), and the check digit guards both. It speaks
-- only where a department contradicts it or none has said anything. A number the police have
-- replaced says nothing.
with record as (
    select
        *,
        cast(substr(identity_anchor, 10) as bigint) as n17
    from {{ ref('int_population__record_identified') }}
    -- Sequence 996 to 999 of a 15-digit number marks somebody born in the century before.
    where
        identity_anchor like 'resident:%'
        and substr(identity_anchor, 24) < '996'
        and verdict_code in ('own', 'former_name', 'near_name')
),

replaced as (
    select distinct identity_anchor from record
    where role_code = 'previous'
),

read_off as (
    select
        record.*,
        {{ resident_number_birth_date('record.n17') }} as number_birth_date,
        {{ resident_number_sex_code('record.n17') }} as number_sex_code
    from record
    left join replaced
        on record.identity_anchor = replaced.identity_anchor
    where replaced.identity_anchor is null
),

contradicted as (
    select
        identity_anchor,
        max(identity) as identity,
        max(identity_number) as identity_number,
        max(identity_grade_code) as identity_grade_code,
        max(number_birth_date) as birth_date,
        max(number_sex_code) as sex_code
    from read_off
    group by identity_anchor
    having
        count(birth_date) = 0
        or count(sex_code) = 0
        or count(*) filter (where birth_date <> number_birth_date) > 0
        or count(*) filter (where sex_code <> number_sex_code) > 0
),

stated as (
    select
        *,
        'identity_number' as system_code,
        'resident' as table_code,
        identity_number as source_key,
        'self' as role_code,
        'resident' as identity_kind_code,
        cast(birth_date as timestamp) as source_at
    from contradicted
),

said as (
    {{ person_record('stated', ['birth_date', 'sex_code']) }}
),

final as (
    select
        said.*,
        'own' as verdict_code,
        'number' as basis_code,
        contradicted.identity
    from said
    inner join contradicted
        on said.identity_anchor = contradicted.identity_anchor
)

select * from final
