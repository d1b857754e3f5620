-- Who stands for an organisation or owns a share of it, as each record writes it: a person of the
-- population library by number, never by name.
--
-- found              the number's bearer, and the name does not speak against him
-- name_contradicts   the number is somebody else's: not followed
-- shared             two people bear the number and the name does not choose: not followed
-- not_in_population  nobody is known by this number (it may be damaged)
-- missing            no number
with record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
    where representative_name is not null or representative_number is not null
),

shareholder as (
    select * from {{ ref('stg_enterprise_register__shareholder') }}
    where shareholder_kind_code = 'person'
),

stated as (
    select
        system_code,
        table_code,
        source_key,
        'representative' as role_code,
        representative_number as number,
        representative_name as name
    from record
    union all
    select
        system_code,
        table_code,
        source_key,
        'shareholder' as role_code,
        shareholder_number as number,
        shareholder_name as name
    from shareholder
),

reference as (
    {{ person_references('stated') }}
),

final as (
    select
        stated.*,
        reference.person_key,
        case
            when stated.number is null then 'missing'
            else coalesce(reference.reference_grade_code, 'not_in_population')
        end as reference_grade_code
    from stated
    left join reference
        on
            stated.number = reference.number
            and stated.name is not distinct from reference.name
)

select * from final
