with source as (
    select * from {{ source('licence_issuing', 'licence') }}
),

numbered as (
    select
        *,
        {{ normalise_number('licence_identifier') }} as identifier,
        {{ normalise_number('previous_identifier') }} as previous,
        {{ normalise_number('holder_code') }} as holder_number,
        {{ normalise_number('issuer_code') }} as issuer_number,
        {{ clean_text('holder_code_type') }} as holder_type
    from source
),

graded as (
    select
        *,
        coalesce({{ licence_identifier_grade('identifier') }}, 'missing') as identifier_grade
    from numbered
),

parsed as (
    select
        *,
        identifier_grade in ('ok', 'issuer_is_division') as is_well_formed
    from graded
),

final as (
    select
        'licence_issuing' as system_code,
        'licence' as table_code,
        record_no as source_key,
        identifier as licence_identifier,
        identifier_grade as identifier_grade_code,
        is_well_formed,
        case
            when is_well_formed
                then
                    {{ licence_identifier_type_code('identifier') }} || '.'
                    || {{ licence_identifier_issuer_code('identifier') }} || '.'
                    || {{ licence_identifier_serial('identifier') }}
        end as chain_anchor,
        case
            when is_well_formed
                then cast({{ licence_identifier_version('identifier') }} as integer)
        end as version_no,
        {{ clean_text('licence_type_code') }} as licence_type_code,
        {{ clean_text('licence_name') }} as licence_name,
        {{ clean_text('licence_number') }} as licence_number,
        {{ clean_text('issuer_name') }} as issuer_name,
        issuer_number as issuer_code,
        {{ organisation_reference_kind('issuer_number') }} as issuer_reference_kind_code,
        {{ organisation_reference_number('issuer_number') }} as issuer_reference_number,
        {{ clean_text('holder_name') }} as holder_name,
        case
            when holder_type in ('001', '099') then 'organisation'
            when holder_type is not null then 'person'
        end as holder_kind_code,
        case
            when holder_type in ('001', '099') then holder_number
            else {{ person_number('holder_number') }}
        end as holder_code,
        case
            when holder_type in ('001', '099')
                then {{ organisation_reference_kind('holder_number') }}
        end as holder_reference_kind_code,
        case
            when holder_type in ('001', '099')
                then {{ organisation_reference_number('holder_number') }}
        end as holder_reference_number,
        holder_type as holder_code_type,
        {{ clean_text('state_code') }} as stated_state_code,
        {{ clean_text('operation_code') }} as operation_code,
        previous as previous_identifier,
        issued_date,
        valid_from,
        {{ open_ended_date('valid_to') }} as valid_to,
        {{ end_date_grade('valid_to') }} as valid_to_grade_code,
        updated_at as source_at
    from parsed
)

select * from final
