-- One organisation's relation to another, as a register states it: `entity_key` is the branch, the
-- successor, the supervised, the union.
with reference as (
    select * from {{ ref('int_legal_entity__organisation_reference') }}
),

record as (
    select * from {{ ref('int_legal_entity__record_identified') }}
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

branch as (
    select * from {{ ref('stg_enterprise_register__branch') }}
),

succession as (
    select * from {{ ref('stg_enterprise_register__succession') }}
),

institution as (
    select * from {{ ref('stg_institution_register__institution') }}
),

stated as (
    select
        entity_key.entity_key,
        'branch_of' as relation_code,
        branch.system_code,
        branch.table_code,
        branch.source_key,
        'head' as role_code,
        cast(null as varchar) as kind_code,
        cast(null as date) as valid_from,
        branch.source_at
    from branch
    inner join entity_key
        on 'source:enterprise_register.enterprise:' || branch.enterprise_no = entity_key.anchor
    union all
    select
        successor.entity_key,
        'successor_of' as relation_code,
        succession.system_code,
        succession.table_code,
        succession.source_key,
        'predecessor' as role_code,
        succession.succession_kind_code as kind_code,
        succession.succeeded_date as valid_from,
        succession.source_at
    from succession
    inner join reference as successor
        on
            succession.source_key = successor.source_key
            and successor.table_code = 'succession'
            and successor.role_code = 'successor'
    union all
    select
        record.entity_key,
        case reference.role_code when 'host' then 'union_of' else 'supervised_by' end
            as relation_code,
        record.system_code,
        record.table_code,
        record.source_key,
        reference.role_code,
        cast(null as varchar) as kind_code,
        cast(null as date) as valid_from,
        record.source_at
    from record
    inner join reference
        on
            record.system_code = reference.system_code
            and record.table_code = reference.table_code
            and record.source_key = reference.source_key
    where reference.role_code in ('host', 'supervisor')
),

-- An abolished body's own row names who took over its work.
taken_over as (
    select
        taker.entity_key,
        'successor_of' as relation_code,
        '6' as kind_code,
        record.entity_key as related_entity_key,
        taker.reference_grade_code,
        institution.stated_uscc as related_stated_code,
        institution.name as related_stated_name,
        institution.ended_date as valid_from,
        cast(null as date) as valid_to,
        institution.system_code,
        institution.table_code,
        institution.source_key,
        institution.source_at
    from institution
    inner join record
        on
            institution.system_code = record.system_code
            and institution.table_code = record.table_code
            and institution.source_key = record.source_key
    inner join reference as taker
        on
            institution.system_code = taker.system_code
            and institution.table_code = taker.table_code
            and institution.source_key = taker.source_key
            and taker.role_code = 'successor'
),

related as (
    select
        stated.entity_key,
        stated.relation_code,
        stated.kind_code,
        reference.entity_key as related_entity_key,
        reference.reference_grade_code,
        reference.stated_code as related_stated_code,
        reference.stated_name as related_stated_name,
        -- a branch, a union, a supervised unit is one from its beginning to its end
        coalesce(stated.valid_from, golden.established_date) as valid_from,
        case when stated.relation_code <> 'successor_of' then golden.ended_date end as valid_to,
        stated.system_code,
        stated.table_code,
        stated.source_key,
        stated.source_at
    from stated
    inner join reference
        on
            stated.system_code = reference.system_code
            and stated.table_code = reference.table_code
            and stated.source_key = reference.source_key
            and stated.role_code = reference.role_code
    left join golden
        on stated.entity_key = golden.entity_key
),

final as (
    select * from related
    union all
    select * from taken_over
)

select * from final
