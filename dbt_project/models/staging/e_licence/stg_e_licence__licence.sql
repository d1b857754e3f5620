-- The issuers' directories of e-licences. A licence of several holders joins their names, numbers
-- and types in one text each; they stay joined here, and the licence library takes them apart.
with source as (
    {{ from_shape('e_licence', 'licence') }}
),

numbered as (
    select
        *,
        {{ normalise_number('licence_identifier') }} as identifier,
        {{ normalise_number('previous_identifier') }} as previous,
        {{ normalise_number('issuer_code') }} as issuer_number
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
        parsed.system_code,
        parsed.department_code,
        'licence' as table_code,
        parsed.record_no as source_key,
        parsed.identifier as licence_identifier,
        parsed.identifier_grade as identifier_grade_code,
        parsed.is_well_formed,
        case
            when parsed.is_well_formed
                then
                    {{ licence_identifier_type_code('parsed.identifier') }} || '.'
                    || {{ licence_identifier_issuer_code('parsed.identifier') }} || '.'
                    || {{ licence_identifier_serial('parsed.identifier') }}
        end as chain_anchor,
        case
            when parsed.is_well_formed
                then cast({{ licence_identifier_version('parsed.identifier') }} as integer)
        end as version_no,
        {{ clean_text('parsed.licence_type_code') }} as licence_type_code,
        {{ clean_text('parsed.licence_name') }} as licence_name,
        {{ clean_text('parsed.licence_number') }} as licence_number,
        {{ clean_text('parsed.issuer_name') }} as issuer_name,
        parsed.issuer_number as issuer_code,
        {{ organisation_reference_kind('parsed.issuer_number') }} as issuer_reference_kind_code,
        {{ organisation_reference_number('parsed.issuer_number') }} as issuer_reference_number,
        {{ clean_text('parsed.holder_name') }} as holder_name,
        {{ clean_text('parsed.holder_code') }} as holder_code,
        {{ clean_text('parsed.holder_code_type') }} as holder_code_type,
        state.standard_code as stated_state_code,
        parsed.previous as previous_identifier,
        parsed.issued_date,
        parsed.valid_from,
        {{ open_ended_date('parsed.valid_to') }} as valid_to,
        {{ end_date_grade('parsed.valid_to') }} as valid_to_grade_code,
        parsed.updated_at as source_at
    from parsed
    {{- join_crosswalk(
        'state', 'licence_state', 'parsed.state_code', system='parsed.system_code'
    ) }}
)

select * from final
