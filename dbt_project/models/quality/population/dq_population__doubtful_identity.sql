-- Records that name a person nobody could find, or whose number is somebody else's: the reason, the
-- best candidate and how near he came. A steward asks the department whom it meant; until then a
-- record without a person has no say, and a death in it neither.
with record as (
    select * from {{ ref('int_population__record_identified') }}
),

person_key as (
    select * from {{ ref('int_population__person_key') }}
),

identity as (
    select * from {{ ref('int_population__identity') }}
),

doubtful as (
    select * from record
    where verdict_code in ('foreign', 'missing', 'damaged') and role_code <> 'previous'
),

final as (
    select
        doubtful.system_code,
        doubtful.table_code,
        doubtful.source_key,
        doubtful.role_code,
        person_key.person_key,
        case doubtful.verdict_code
            when 'foreign' then 'number_of_another'
            when 'missing' then 'number_missing'
            else 'number_damaged'
        end as reason_code,
        doubtful.identity_grade_code,
        doubtful.identity_number,
        doubtful.name,
        doubtful.birth_date,
        coalesce(doubtful.is_dead, false) as tells_death,
        bearer_key.person_key as bearer_person_key,
        candidate_key.person_key as candidate_person_key,
        doubtful.candidate_bits,
        doubtful.source_at
    from doubtful
    left join person_key
        on doubtful.identity = person_key.identity
    left join identity as bearer
        on doubtful.identity_anchor = bearer.anchor
    left join person_key as bearer_key
        on bearer.identity = bearer_key.identity
    left join person_key as candidate_key
        on doubtful.candidate_identity = candidate_key.identity
)

select * from final
