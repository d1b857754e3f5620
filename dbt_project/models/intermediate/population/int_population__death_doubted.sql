-- Records of a death whose number leads to somebody else: a clerk wrote another person's number.
-- The record names a dead person, and nobody who bears that number elsewhere has a name within one
-- character of his, nor his birthday. Such a record has no say in the golden record: to declare a
-- living person dead is the worst this library could do.
with record as (
    select * from {{ ref('int_population__person_record') }}
    where identity_anchor is not null
),

death as (
    select * from record
    where table_code in ('death_certificate', 'cremation')
),

bearer as (
    select * from record
    where table_code not in ('death_certificate', 'cremation') and name is not null
),

compared as (
    select
        death.system_code,
        death.table_code,
        death.source_key,
        death.identity_anchor,
        death.name,
        death.birth_date,
        max(bearer.name) as bearer_name,
        max(
            case
                when levenshtein(death.name, bearer.name) <= 1 then 1
                when death.birth_date = bearer.birth_date then 1
                else 0
            end
        ) = 1 as is_agreed
    from death
    inner join bearer
        on death.identity_anchor = bearer.identity_anchor
    where death.name is not null
    group by
        death.system_code,
        death.table_code,
        death.source_key,
        death.identity_anchor,
        death.name,
        death.birth_date
),

final as (
    select
        system_code,
        table_code,
        source_key,
        identity_anchor,
        name,
        bearer_name
    from compared
    where not is_agreed
)

select * from final
