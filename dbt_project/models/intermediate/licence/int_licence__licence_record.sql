-- One row per licence version: a version that was sent twice keeps its newest record. The
-- operation is the last one recorded for it.
with licence as (
    select * from {{ ref('stg_e_licence__licence') }}
),

operation as (
    select * from {{ ref('stg_e_licence__operation') }}
),

last_operation as (
    select
        system_code,
        licence_source_key,
        max_by(operation_code, cast(operated_at as varchar) || source_key) as operation_code
    from operation
    where operated_at is not null
    group by system_code, licence_source_key
),

written as (
    select
        *,
        {{ normalise_number('holder_code') }} as holder_number,
        holder_code_type in ('001', '099') as has_organisation_code
    from licence
),

operated as (
    select
        written.*,
        last_operation.operation_code
    from written
    left join last_operation
        on
            written.system_code = last_operation.system_code
            and written.source_key = last_operation.licence_source_key
),

anchored as (
    select
        * exclude (holder_code, holder_number, has_organisation_code),
        case
            when has_organisation_code then 'organisation'
            when holder_code_type is not null then 'person'
        end as holder_kind_code,
        case
            when has_organisation_code then holder_number
            else {{ person_number('holder_number') }}
        end as holder_code,
        case
            when has_organisation_code then {{ organisation_reference_kind('holder_number') }}
        end as holder_reference_kind_code,
        case
            when has_organisation_code then {{ organisation_reference_number('holder_number') }}
        end as holder_reference_number,
        case
            when is_well_formed then 'licence:' || licence_identifier
            else 'source:' || system_code || '.licence:' || source_key
        end as identity_anchor
    from operated
),

numbered as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by source_at desc, source_key desc, system_code asc
        ) as recency_rank
    from anchored
),

final as (
    select *
    from numbered
    where recency_rank = 1
)

select * from final
