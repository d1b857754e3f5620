{{ config(materialized='library') }}

with licence as (
    select * from {{ library_input('int_licence__licence_resolved', key='licence_key') }}
),

final as (
    select
        licence_key,
        system_code,
        source_key,
        source_record_count,
        licence_identifier,
        identifier_grade_code,
        licence_type_code,
        licence_name,
        licence_number,
        version_no,
        issuer_name,
        issuer_code,
        issuer_entity_key,
        issuer_is_abolished,
        issuer_successor_key,
        holder_name,
        holder_code,
        holder_kind_code,
        holder_count,
        person_key,
        entity_key,
        unresolved_holder_count,
        ended_holder_count,
        operation_code,
        operation_state_code,
        stated_state_code,
        computed_state_code,
        computed_reason_code,
        is_current_version,
        issued_date,
        valid_from,
        valid_to,
        valid_to_grade_code,
        source_at
    from licence
)

select * from final
