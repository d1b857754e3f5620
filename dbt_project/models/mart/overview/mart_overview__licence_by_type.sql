with licence as (
    select * from {{ ref('lib_licence__entity_licence') }}
),

licence_type as (
    select * from {{ ref('lib_licence__code_licence_type') }}
),

counted as (
    select
        licence_type_code,
        min(licence_name) as licence_name,
        cast(count(*) as bigint) as version_count,
        cast(count(*) filter (where is_current_version) as bigint) as current_count,
        cast(count(*) filter (where computed_state_code = '01') as bigint) as valid_count,
        cast(count(*) filter (where computed_state_code = '02') as bigint) as suspended_count,
        cast(count(*) filter (where computed_reason_code = 'expired') as bigint) as expired_count,
        cast(count(*) filter (
            where computed_reason_code = 'holder_ended'
        ) as bigint) as holder_ended_count,
        cast(count(*) filter (
            where is_current_version and valid_to_grade_code = 'open'
        ) as bigint) as open_ended_count,
        cast(count(*) filter (where holder_count > 1) as bigint) as joint_count,
        cast(count(*) filter (
            where unresolved_holder_count > 0
        ) as bigint) as unresolved_holder_count,
        cast(count(*) filter (where issuer_is_abolished) as bigint) as abolished_issuer_count
    from licence
    group by licence_type_code
),

final as (
    select
        counted.licence_type_code,
        coalesce(licence_type.licence_name, counted.licence_name) as licence_name,
        licence_type.issuer_department_name,
        licence_type.licence_type_code is not null as is_known_type,
        counted.version_count,
        counted.current_count,
        counted.valid_count,
        counted.suspended_count,
        counted.expired_count,
        counted.holder_ended_count,
        counted.open_ended_count,
        counted.joint_count,
        counted.unresolved_holder_count,
        counted.abolished_issuer_count
    from counted
    left join licence_type
        on counted.licence_type_code = licence_type.licence_type_code
)

select * from final
