-- Representatives and shareholders whose number is not theirs, as far as the population library
-- tells: the number's bearer has another name, or two people bear it. Nobody is linked by such a
-- number.
with reference as (
    select * from {{ ref('int_legal_entity__person_reference') }}
    where reference_grade_code in ('name_contradicts', 'shared')
),

link as (
    select * from {{ ref('lib_legal_entity__link_entity_source') }}
),

shareholder as (
    select * from {{ ref('lib_legal_entity__link_entity_shareholder') }}
),

bearer as (
    select
        identifier_number,
        cast(count(*) as integer) as bearer_count,
        min(person_key) as bearer_person_key
    from {{ ref('lib_population__link_person_identifier') }}
    group by identifier_number
),

final as (
    select
        coalesce(link.entity_key, shareholder.entity_key) as entity_key,
        reference.system_code,
        reference.table_code,
        reference.source_key,
        reference.role_code,
        reference.reference_grade_code as reason_code,
        reference.name,
        reference.number,
        bearer.bearer_count,
        case when bearer.bearer_count = 1 then bearer.bearer_person_key end as bearer_person_key
    from reference
    left join link
        on
            reference.system_code = link.system_code
            and reference.table_code = link.table_code
            and reference.source_key = link.source_key
    left join shareholder
        on
            reference.role_code = 'shareholder'
            and reference.system_code = shareholder.system_code
            and reference.source_key = shareholder.shareholder_no
    left join bearer
        on reference.number = bearer.identifier_number
)

select * from final
