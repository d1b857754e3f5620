-- The matrix of counties and city departments: every pair has its row, with zeros where a
-- department has nothing on a county. An item counts at each layer it has reached with rows of that
-- county. What has landed and speaks of no county at all, like petitions, is counted beside them,
-- alike in every county.
with item as (
    select * from {{ ref('mart_overview__item_by_layer') }}
    where level_code = 'city'
),

department as (
    select * from {{ ref('lib_shared__entity_department') }}
    where level_code = 'city'
),

county as (
    select distinct
        division_code,
        division_name
    from {{ ref('mart_overview__item_by_layer') }}
),

person as (
    select * from {{ ref('lib_population__entity_person') }}
),

organisation as (
    select * from {{ ref('lib_legal_entity__entity_organisation') }}
),

source_table as (
    select * from {{ ref('lib_shared__entity_source_table') }}
),

licence_source as (
    select * from {{ ref('lib_licence__link_licence_source') }}
),

holder as (
    select * from {{ ref('lib_licence__link_licence_holder') }}
),

system_department as (
    select distinct
        system_code,
        department_code
    from source_table
),

licence_holder as (
    select distinct
        licence_source.system_code,
        holder.person_key,
        holder.entity_key
    from licence_source
    inner join holder
        on licence_source.licence_key = holder.licence_key
),

-- Somebody several systems of a department know is known to it once.
known_person as (
    select distinct
        system_department.department_code,
        known.person_key
    from (
        select
            system_code,
            person_key
        from {{ ref('lib_population__link_person_source') }}
        union
        select
            system_code,
            person_key
        from licence_holder
    ) as known
    inner join system_department
        on known.system_code = system_department.system_code
),

known_organisation as (
    select distinct
        system_department.department_code,
        known.entity_key
    from (
        select
            system_code,
            entity_key
        from {{ ref('lib_legal_entity__link_entity_source') }}
        union
        select
            system_code,
            entity_key
        from licence_holder
    ) as known
    inner join system_department
        on known.system_code = system_department.system_code
),

person_count as (
    select
        known_person.department_code,
        person.division_code,
        cast(count(*) as bigint) as person_count
    from known_person
    inner join person
        on known_person.person_key = person.person_key
    group by known_person.department_code, person.division_code
),

organisation_count as (
    select
        known_organisation.department_code,
        organisation.division_code,
        cast(count(*) as bigint) as organisation_count
    from known_organisation
    inner join organisation
        on known_organisation.entity_key = organisation.entity_key
    group by known_organisation.department_code, organisation.division_code
),

item_count as (
    select
        division_code,
        department_code,
        cast(count(*) as integer) as registered_item_count,
        cast(count(*) filter (where layer_code <> 'registered') as integer) as landed_item_count,
        cast(count(*) filter (where layer_code in ('staged', 'library')) as integer)
            as staged_item_count,
        cast(count(*) filter (where layer_code = 'library') as integer) as library_item_count,
        cast(sum(county_row_count) as bigint) as county_row_count,
        max(last_landed_at) filter (where layer_code <> 'registered') as last_landed_at
    from item
    group by division_code, department_code
),

unplaced_item as (
    select
        department_code,
        system_code,
        table_code
    from item
    group by department_code, system_code, table_code
    having max(landed_row_count) > 0 and max(county_row_count) = 0
),

unplaced_count as (
    select
        department_code,
        cast(count(*) as integer) as unplaced_item_count
    from unplaced_item
    group by department_code
),

final as (
    select
        county.division_code,
        county.division_name,
        department.department_code,
        department.department_name,
        coalesce(item_count.registered_item_count, 0) as registered_item_count,
        coalesce(item_count.landed_item_count, 0) as landed_item_count,
        coalesce(item_count.staged_item_count, 0) as staged_item_count,
        coalesce(item_count.library_item_count, 0) as library_item_count,
        coalesce(unplaced_count.unplaced_item_count, 0) as unplaced_item_count,
        coalesce(item_count.county_row_count, 0) as county_row_count,
        coalesce(person_count.person_count, 0) as person_count,
        coalesce(organisation_count.organisation_count, 0) as organisation_count,
        item_count.last_landed_at
    from county
    cross join department
    left join item_count
        on
            county.division_code = item_count.division_code
            and department.department_code = item_count.department_code
    left join unplaced_count
        on department.department_code = unplaced_count.department_code
    left join person_count
        on
            county.division_code = person_count.division_code
            and department.department_code = person_count.department_code
    left join organisation_count
        on
            county.division_code = organisation_count.division_code
            and department.department_code = organisation_count.department_code
)

select * from final
