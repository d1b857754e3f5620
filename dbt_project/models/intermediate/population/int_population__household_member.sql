-- Who belongs to which household: by the police register, and apart from it by a county's grid,
-- which counts who lives behind a door. A household number means something in its own system only.
with record as (
    select * from {{ ref('int_population__person_matched') }}
    where person_key is not null and household_no is not null
),

household as (
    select * from {{ ref('stg_household_register__household') }}
),

golden as (
    select * from {{ ref('int_population__person_golden') }}
),

-- The last registered move to where the household is.
arrival as (
    select
        register_anchor,
        to_address,
        max(migrated_date) as migrated_date
    from {{ ref('stg_household_register__migration') }}
    where migration_kind_code in ('1', '3') and to_address is not null
    group by register_anchor, to_address
),

dated as (
    select
        record.person_key,
        record.system_code,
        record.household_no,
        case
            when record.system_code = 'household_register' then 'household_register'
            else 'county_grid'
        end as basis_code,
        record.household_relation_code as relation_code,
        record.source_key,
        case
            when golden.birth_date >= household.created_date then golden.birth_date
            else arrival.migrated_date
        end as valid_from,
        case when coalesce(golden.is_dead, false) then golden.death_date end as valid_to,
        coalesce(golden.is_dead, false) as is_deceased,
        record.source_at,
        row_number() over (
            partition by record.person_key, record.system_code, record.household_no
            order by record.source_at desc, record.source_key asc
        ) as place
    from record
    inner join golden
        on record.person_key = golden.person_key
    left join household
        on
            record.system_code = household.system_code
            and record.household_no = household.household_no
    left join arrival
        on
            record.register_anchor = arrival.register_anchor
            and household.address = arrival.to_address
),

member as (
    select
        person_key,
        system_code,
        household_no,
        basis_code,
        relation_code,
        source_key,
        valid_from,
        valid_to,
        is_deceased,
        source_at
    from dated
    where place = 1
),

final as (
    select
        *,
        hash(member) as _row_hash
    from member
)

select * from final
