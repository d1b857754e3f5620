-- How far each registered item (source table) has come in each county: a county's own items, and
-- the city's in every county. A row speaks of the county it writes; the rows of a table that writes
-- none speak of the county of the person, organisation or holder they are about.
with item as (
    select * from {{ ref('lib_shared__entity_source_table') }}
),

placed as (
    select * from {{ ref('lib_shared__link_source_table_division') }}
),

person as (
    select * from {{ ref('lib_population__entity_person') }}
),

person_source as (
    select * from {{ ref('lib_population__link_person_source') }}
),

organisation as (
    select * from {{ ref('lib_legal_entity__entity_organisation') }}
),

organisation_source as (
    select * from {{ ref('lib_legal_entity__link_entity_source') }}
),

licence_source as (
    select * from {{ ref('lib_licence__link_licence_source') }}
),

licence_operation as (
    select * from {{ ref('lib_licence__event_operation') }}
),

holder as (
    select * from {{ ref('lib_licence__link_licence_holder') }}
),

county as (
    select * from {{ ref('lib_shared__code_division') }}
    where is_current
),

registered_county as (
    select distinct division_code
    from item
    where level_code = 'county'
),

county_item as (
    select
        county.division_code,
        county.division_name,
        item.department_code,
        item.system_code,
        item.table_code,
        item.table_name,
        item.level_code,
        item.rows_landed,
        item.is_staged,
        item.library_codes,
        item.committed_at
    from registered_county
    inner join county
        on registered_county.division_code = county.division_code
    inner join item
        on item.level_code = 'city' or county.division_code = item.division_code
),

told as (
    select
        system_code,
        table_code,
        source_key,
        person_key,
        cast(null as bigint) as entity_key
    from person_source
    union all
    select
        system_code,
        table_code,
        source_key,
        cast(null as bigint) as person_key,
        entity_key
    from organisation_source
    union all
    select
        licence_source.system_code,
        'licence' as table_code,
        licence_source.source_key,
        holder.person_key,
        holder.entity_key
    from licence_source
    inner join holder
        on licence_source.licence_key = holder.licence_key
    union all
    select
        licence_operation.system_code,
        'operation' as table_code,
        licence_operation.source_key,
        holder.person_key,
        holder.entity_key
    from licence_operation
    inner join holder
        on licence_operation.licence_key = holder.licence_key
),

subject as (
    select
        told.system_code,
        told.table_code,
        told.source_key,
        told.person_key,
        told.entity_key,
        coalesce(person.division_code, organisation.division_code) as division_code
    from told
    left join person
        on told.person_key = person.person_key
    left join organisation
        on told.entity_key = organisation.entity_key
),

known as (
    select
        system_code,
        table_code,
        division_code,
        cast(count(distinct person_key) as bigint) as person_count,
        cast(count(distinct entity_key) as bigint) as organisation_count,
        cast(count(distinct source_key) as bigint) as row_count
    from subject
    group by system_code, table_code, division_code
),

writes_place as (
    select distinct
        system_code,
        table_code
    from placed
),

counted as (
    select
        county_item.division_code,
        county_item.division_name,
        county_item.department_code,
        county_item.system_code,
        county_item.table_code,
        county_item.table_name,
        county_item.level_code,
        coalesce(county_item.rows_landed, 0) as landed_row_count,
        case
            when writes_place.system_code is not null then coalesce(placed.row_count, 0)
            else coalesce(known.row_count, 0)
        end as county_row_count,
        coalesce(known.person_count, 0) as person_count,
        coalesce(known.organisation_count, 0) as organisation_count,
        county_item.is_staged,
        county_item.library_codes,
        county_item.committed_at as last_landed_at
    from county_item
    left join writes_place
        on
            county_item.system_code = writes_place.system_code
            and county_item.table_code = writes_place.table_code
    left join placed
        on
            county_item.system_code = placed.system_code
            and county_item.table_code = placed.table_code
            and county_item.division_code = placed.division_code
    left join known
        on
            county_item.system_code = known.system_code
            and county_item.table_code = known.table_code
            and county_item.division_code = known.division_code
),

final as (
    select
        division_code,
        division_name,
        department_code,
        system_code,
        table_code,
        table_name,
        level_code,
        case
            when county_row_count = 0 then 'registered'
            when not is_staged then 'landed'
            when library_codes is null then 'staged'
            else 'library'
        end as layer_code,
        library_codes,
        landed_row_count,
        county_row_count,
        person_count,
        organisation_count,
        last_landed_at
    from counted
)

select * from final
