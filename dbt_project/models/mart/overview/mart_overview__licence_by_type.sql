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
        {%- for column, condition in [
            ('current_count', 'is_current_version'),
            ('valid_count', "computed_state_code = '01'"),
            ('suspended_count', "computed_state_code = '02'"),
            ('expired_count', "computed_reason_code = 'expired'"),
            ('holder_ended_count', "computed_reason_code = 'holder_ended'"),
            ('open_ended_count', "is_current_version and valid_to_grade_code = 'open'"),
            ('joint_count', 'holder_count > 1'),
            ('unresolved_holder_count', 'unresolved_holder_count > 0'),
            ('abolished_issuer_count', 'issuer_is_abolished'),
        ] %}
        cast(count(*) filter (where {{ condition }}) as bigint) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
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
