-- Households of the police register and, apart from them, of the counties' grids. A grid keeps no
-- table of households: it is what its members say, the head's row before the others.
with member as (
    select * from {{ ref('int_population__household_member') }}
),

registered as (
    select * from {{ ref('stg_household_register__household') }}
),

grid_resident as (
    select * from {{ ref('stg_county_grid__resident') }}
    where household_no is not null
),

register_record as (
    select * from {{ ref('int_population__person_matched') }}
    where system_code = 'household_register' and table_code = 'resident'
),

counted as (
    select
        system_code,
        household_no,
        min(basis_code) as basis_code,
        min(person_key) filter (where relation_code = '02') as head_person_key,
        cast(count(*) filter (where relation_code = '02') as integer) as head_count,
        cast(count(*) as integer) as member_count,
        cast(count(*) filter (where not is_deceased) as integer) as living_member_count,
        cast(count(*) filter (where is_deceased) as integer) as deceased_member_count,
        max(source_at) as source_at
    from member
    group by system_code, household_no
),

registered_head as (
    select
        registered.system_code,
        registered.household_no,
        'household_register' as basis_code,
        registered.household_type_code,
        head.person_key as head_person_key,
        registered.division_code,
        registered.address,
        registered.created_date,
        registered.source_at
    from registered
    left join register_record as head
        on registered.head_register_anchor = head.register_anchor
),

grid as (
    select
        system_code,
        household_no,
        'county_grid' as basis_code,
        cast(null as varchar) as household_type_code,
        cast(null as bigint) as head_person_key,
        max_by(division_code, head_first) as division_code,
        max_by(address, head_first) as address,
        cast(null as date) as created_date,
        max(source_at) as source_at
    from (
        select
            *,
            case when household_relation_code = '02' then 'b' else 'a' end || source_key
                as head_first
        from grid_resident
    ) as resident
    group by system_code, household_no
),

household as (
    select * from registered_head
    union all
    select * from grid
),

final as (
    select
        coalesce(household.system_code, counted.system_code) as system_code,
        coalesce(household.household_no, counted.household_no) as household_no,
        coalesce(household.basis_code, counted.basis_code) as basis_code,
        household.household_type_code,
        coalesce(
            household.head_person_key,
            case when counted.head_count = 1 then counted.head_person_key end
        ) as head_person_key,
        household.division_code,
        household.address,
        household.created_date,
        coalesce(counted.member_count, 0) as member_count,
        coalesce(counted.living_member_count, 0) as living_member_count,
        coalesce(counted.deceased_member_count, 0) as deceased_member_count,
        coalesce(household.source_at, counted.source_at) as source_at
    from household
    full outer join counted
        on
            household.system_code = counted.system_code
            and household.household_no = counted.household_no
)

select * from final
