-- Licences a steward should look at, one row per licence and doubt.
with licence as (
    select * from {{ ref('int_licence__licence_resolved') }}
),

doubt as (
    select
        *,
        'identifier_' || identifier_grade_code as doubt_code
    from licence
    where identifier_grade_code <> 'ok'
    {%- for doubt_code, condition in [
        ('issuer_unresolved', 'issuer_entity_key is null'),
        ('issued_by_abolished', 'issued_by_abolished'),
        ('valid_to_unreadable', "valid_to_grade_code = 'unreadable'"),
        ('type_unknown', 'not is_known_type'),
        ('holders_unpaired', "pairing_code = 'unpaired'"),
        ('log_missing', 'operation_code is null'),
        (
            'state_contradicted',
            "stated_state_code = '01' and computed_reason_code in ('suspended', 'operated')",
        ),
    ] %}
    union all
    select
        *,
        '{{ doubt_code }}' as doubt_code
    from licence
    where {{ condition }}
    {%- endfor %}
),

final as (
    select
        licence_key,
        doubt_code,
        system_code,
        source_key,
        licence_identifier,
        licence_name,
        issuer_code,
        source_at
    from doubt
)

select * from final
