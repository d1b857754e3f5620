with source as (
    {{ from_shape('e_licence', 'operation') }}
),

final as (
    select
        source.system_code,
        source.department_code,
        'operation' as table_code,
        source.operation_no as source_key,
        source.record_no as licence_source_key,
        {{ normalise_number('source.licence_identifier') }} as licence_identifier,
        {{ normalise_number('source.previous_identifier') }} as previous_identifier,
        operation.standard_code as operation_code,
        source.operated_at,
        {{ clean_text('source.operator_name') }} as operator_name,
        {{ clean_text('source.reason') }} as reason,
        source.updated_at as source_at
    from source
    {{- join_crosswalk(
        'operation', 'licence_operation', 'source.operation_code', system='source.system_code'
    ) }}
)

select * from final
