-- One row per licence version: a version that was sent twice keeps its newest record. The operation is
-- the last one recorded for it.
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

anchored as (
    select
        written.* exclude (holder_code, holder_number, has_organisation_code),
        case
            when written.has_organisation_code then 'organisation'
            when written.holder_code_type is not null then 'person'
        end as holder_kind_code,
        case
            when written.has_organisation_code then written.holder_number
            else {{ person_number('written.holder_number') }}
        end as holder_code,
        case
            when written.has_organisation_code
                then {{ organisation_reference_kind('written.holder_number') }}
        end as holder_reference_kind_code,
        case
            when written.has_organisation_code
                then {{ organisation_reference_number('written.holder_number') }}
        end as holder_reference_number,
        last_operation.operation_code,
        case
            when written.is_well_formed then 'licence:' || written.licence_identifier
            else 'source:' || written.system_code || '.licence:' || written.source_key
        end as identity_anchor
    from written
    left join last_operation
        on
            written.system_code = last_operation.system_code
            and written.source_key = last_operation.licence_source_key
),

numbered as (
    select
        *,
        row_number() over (
            partition by identity_anchor
            order by source_at desc, source_key desc, system_code
        ) as recency_rank
    from anchored
),

final as (
    select *
    from numbered
    where recency_rank = 1
)

select * from final
