-- Who holds a share is known by number, never by name: a person by `shareholder_number`, an
-- organisation by `shareholder_reference_*` as lib_legal_entity__link_entity_identifier knows it.
with source as (
    select * from {{ source('enterprise_register', 'shareholder') }}
),

numbered as (
    select
        source.* exclude (shareholder_kind_code),
        {{ normalise_number('source.shareholder_code') }} as holder_number,
        party_kind.standard_code as shareholder_kind_code
    from source
    {{- join_crosswalk('party_kind', 'party_kind', 'source.shareholder_kind_code') }}
),

final as (
    select
        'enterprise_register' as system_code,
        'shareholder' as table_code,
        shareholder_no as source_key,
        enterprise_no,
        shareholder_kind_code,
        {{ clean_text('shareholder_name') }} as shareholder_name,
        {{ clean_text('shareholder_code_type') }} as shareholder_code_type,
        case
            when shareholder_kind_code = 'person' then {{ person_number('holder_number') }}
            else holder_number
        end as shareholder_number,
        case
            when shareholder_kind_code = 'organisation'
                then {{ organisation_reference_kind('holder_number') }}
        end as shareholder_reference_kind_code,
        case
            when shareholder_kind_code = 'organisation'
                then {{ organisation_reference_number('holder_number') }}
        end as shareholder_reference_number,
        cast(contributed_wan_cny * 10000 as decimal(24, 2)) as contributed_cny,
        contribution_percent,
        contributed_date,
        updated_at as source_at
    from numbered
)

select * from final
