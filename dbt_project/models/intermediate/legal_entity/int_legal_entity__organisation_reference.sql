-- Who is meant where a record names another organisation: the head office of a branch, a
-- predecessor, whoever took over an abolished body's work, whoever holds a share. Evidence in
-- this order:
--
-- register_row    the number of a row of the enterprise register
-- code            an organisation code, alone or in a credit code
-- registration    a registration number
-- near_code       a credit code one character off that of an organisation of that name
-- name_and_date   the only organisation of that name that ended on the day of the succession
-- name            the only enterprise of that name; never for a shareholder
-- unknown         nobody who is known here, such as a head office elsewhere
with branch as (
    select * from {{ ref('stg_enterprise_register__branch') }}
),

succession as (
    select * from {{ ref('stg_enterprise_register__succession') }}
),

shareholder as (
    select * from {{ ref('stg_enterprise_register__shareholder') }}
    where shareholder_kind_code = 'organisation'
),

institution as (
    select * from {{ ref('stg_institution_register__institution') }}
),

union_host as (
    select * from {{ ref('stg_union_register__union') }}
    where host_reference_number is not null
),

entity_key as (
    select * from {{ ref('int_legal_entity__entity_key') }}
),

entity_name as (
    select * from {{ ref('int_legal_entity__entity_name') }}
),

golden as (
    select * from {{ ref('int_legal_entity__organisation_golden') }}
),

reference as (
    select
        system_code,
        table_code,
        source_key,
        'head' as role_code,
        head_enterprise_no as enterprise_no,
        stated_head_uscc as stated_uscc,
        head_organisation_code as organisation_code,
        head_registration_number as registration_number,
        head_name as name,
        cast(null as date) as ended_date,
        true as may_go_by_name
    from branch
    union all
    select
        system_code,
        table_code,
        source_key,
        'predecessor' as role_code,
        predecessor_enterprise_no as enterprise_no,
        stated_predecessor_uscc as stated_uscc,
        predecessor_organisation_code as organisation_code,
        predecessor_registration_number as registration_number,
        predecessor_name as name,
        succeeded_date as ended_date,
        true as may_go_by_name
    from succession
    union all
    select
        system_code,
        table_code,
        source_key,
        'successor' as role_code,
        cast(null as varchar) as enterprise_no,
        successor_uscc as stated_uscc,
        successor_organisation_code as organisation_code,
        cast(null as varchar) as registration_number,
        successor_name as name,
        cast(null as date) as ended_date,
        true as may_go_by_name
    from succession
    union all
    select
        system_code,
        table_code,
        source_key,
        'shareholder' as role_code,
        cast(null as varchar) as enterprise_no,
        case when length(shareholder_number) > 15 then shareholder_number end as stated_uscc,
        case
            when shareholder_reference_kind_code = 'organisation' then shareholder_reference_number
        end as organisation_code,
        case
            when shareholder_reference_kind_code = 'registration' then shareholder_reference_number
        end as registration_number,
        shareholder_name as name,
        cast(null as date) as ended_date,
        false as may_go_by_name
    from shareholder
    union all
    select
        system_code,
        table_code,
        source_key,
        'supervisor' as role_code,
        cast(null as varchar) as enterprise_no,
        supervisor_uscc as stated_uscc,
        case
            when {{ uscc_is_valid('supervisor_uscc') }}
                then {{ uscc_organisation_code('supervisor_uscc') }}
        end as organisation_code,
        cast(null as varchar) as registration_number,
        cast(null as varchar) as name,
        cast(null as date) as ended_date,
        false as may_go_by_name
    from institution
    where supervisor_uscc is not null
    union all
    select
        system_code,
        table_code,
        source_key,
        'successor' as role_code,
        cast(null as varchar) as enterprise_no,
        successor_uscc as stated_uscc,
        case
            when {{ uscc_is_valid('successor_uscc') }}
                then {{ uscc_organisation_code('successor_uscc') }}
        end as organisation_code,
        cast(null as varchar) as registration_number,
        cast(null as varchar) as name,
        cast(null as date) as ended_date,
        false as may_go_by_name
    from institution
    where successor_uscc is not null
    union all
    select
        system_code,
        table_code,
        source_key,
        'host' as role_code,
        cast(null as varchar) as enterprise_no,
        cast(null as varchar) as stated_uscc,
        case when host_reference_kind_code = 'organisation' then host_reference_number end
            as organisation_code,
        case when host_reference_kind_code = 'registration' then host_reference_number end
            as registration_number,
        cast(null as varchar) as name,
        cast(null as date) as ended_date,
        false as may_go_by_name
    from union_host
),

keyed as (
    select
        reference.*,
        {{ organisation_name_key('reference.name') }} as name_key,
        by_row.entity_key as row_key,
        by_code.entity_key as code_key,
        by_registration.entity_key as registration_key
    from reference
    left join entity_key as by_row
        on 'source:enterprise_register.enterprise:' || reference.enterprise_no = by_row.anchor
    left join entity_key as by_code
        on 'organisation:' || reference.organisation_code = by_code.anchor
    left join entity_key as by_registration
        on 'registration:' || reference.registration_number = by_registration.anchor
),

namesake as (
    select
        keyed.system_code,
        keyed.table_code,
        keyed.source_key,
        keyed.role_code,
        entity_name.entity_key,
        max(
            case
                when
                    keyed.organisation_code is null
                    and levenshtein(keyed.stated_uscc, golden.uscc) = 1 then 1
                else 0
            end
        ) as is_near,
        max(case when golden.ended_date = keyed.ended_date then 1 else 0 end) as ended_that_day,
        max(
            case
                when keyed.may_go_by_name and coalesce(
                    keyed.stated_uscc, keyed.registration_number
                ) is null then 1
                else 0
            end
        ) as may_go_by_name
    from keyed
    inner join entity_name
        on keyed.name_key = entity_name.name_key
    inner join golden
        on entity_name.entity_key = golden.entity_key
    where
        coalesce(keyed.row_key, keyed.code_key, keyed.registration_key) is null
        and (keyed.table_code = 'shareholder' or golden.category_code in ('91', '92', '93'))
    group by
        keyed.system_code, keyed.table_code, keyed.source_key, keyed.role_code,
        entity_name.entity_key
),

sought as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        case
            when sum(is_near) = 1 then max(case when is_near = 1 then entity_key end)
            when max(may_go_by_name) = 1 and sum(ended_that_day) = 1
                then max(case when ended_that_day = 1 then entity_key end)
            when max(may_go_by_name) = 1 and count(*) = 1 then max(entity_key)
        end as entity_key,
        case
            when sum(is_near) = 1 then 'near_code'
            when max(may_go_by_name) = 1 and sum(ended_that_day) = 1 then 'name_and_date'
            else 'name'
        end as grade_code
    from namesake
    group by system_code, table_code, source_key, role_code
),

final as (
    select
        keyed.system_code,
        keyed.table_code,
        keyed.source_key,
        keyed.role_code,
        coalesce(
            keyed.row_key, keyed.code_key, keyed.registration_key, sought.entity_key
        ) as entity_key,
        case
            when keyed.row_key is not null then 'register_row'
            when keyed.code_key is not null then 'code'
            when keyed.registration_key is not null then 'registration'
            when sought.entity_key is not null then sought.grade_code
            else 'unknown'
        end as reference_grade_code,
        coalesce(keyed.stated_uscc, keyed.organisation_code, keyed.registration_number)
            as stated_code,
        keyed.name as stated_name
    from keyed
    left join sought
        on
            keyed.system_code = sought.system_code
            and keyed.table_code = sought.table_code
            and keyed.source_key = sought.source_key
            and keyed.role_code = sought.role_code
)

select * from final
