with licence_type as (
    select * from {{ ref('code_licence_type') }}
),

final as (
    select
        licence_type_code,
        licence_name,
        authority_code,
        authority_name,
        system_code,
        issuer_department_code,
        issuer_department_name,
        issuer_level_code,
        holder_kind_code,
        has_joint_holders,
        holder_end_code,
        is_expiring,
        validity_years,
        source_mark
    from licence_type
)

select * from final
