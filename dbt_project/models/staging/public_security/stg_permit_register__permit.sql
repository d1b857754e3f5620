-- A person from 香港, 澳门, 台湾 or abroad holds more than one card: the row names the card and the one
-- it is linked to (the travel permit behind a residence permit, the old permanent-resident card
-- behind the new one), and each is an identity of its own.
with source as (
    select * from {{ source('permit_register', 'permit') }}
),

numbered as (
    select
        *,
        {{ normalise_number('card_number') }} as number
    from source
),

identified as (
    {{ person_identity('numbered') }}
),

linked_numbered as (
    select
        record_no,
        {{ normalise_number('linked_card_number') }} as number
    from source
),

linked as (
    {{ person_identity('linked_numbered') }}
),

final as (
    select
        'permit_register' as system_code,
        'permit' as table_code,
        identified.record_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        linked.identity_number as linked_identity_number,
        linked.identity_grade_code as linked_identity_grade_code,
        linked.identity_anchor as linked_identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        identified.birth_date,
        {{ division_in_force('division', 'identified.division_code', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ clean_text('identified.country_code') }} as country_code,
        card_kind.standard_code as card_kind_code,
        linked_card_kind.standard_code as linked_card_kind_code,
        identified.issued_date,
        identified.valid_to,
        identified.updated_at as source_at
    from identified
    inner join linked
        on identified.record_no = linked.record_no
    {{- join_crosswalk('sex', 'sex', 'identified.sex_code') }}
    {{- join_crosswalk('card_kind', 'holder_code_type', 'identified.card_kind_code') }}
    {{- join_crosswalk(
        'linked_card_kind', 'holder_code_type', 'identified.linked_card_kind_code'
    ) }}
    {{- join_division('division', 'identified.division_code') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
