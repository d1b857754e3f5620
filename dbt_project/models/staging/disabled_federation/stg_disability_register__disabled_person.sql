-- The number of a 残疾人证 begins with the 18 characters of the holder's own number, followed by kind
-- and grade of the disability: it stands in where the number beside it fails its check, as the
-- ones do that a spreadsheet has rounded.
with source as (
    select * from {{ source('disability_register', 'disabled_person') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

written as (
    select
        *,
        {{ normalise_number('id_number') }} as stated_number,
        substr({{ normalise_number('card_number') }}, 1, 18) as carried_number
    from source
),

weighed as (
    select
        *,
        {{ resident_number_n17('stated_number') }} as stated_n17,
        {{ resident_number_n17('carried_number') }} as carried_n17
    from written
),

graded as (
    select
        weighed.*,
        {{ resident_number_grade('weighed.stated_number', 'weighed.stated_n17', 'cut.as_of_date') }}
            as stated_grade,
        {{ resident_number_grade(
            'weighed.carried_number', 'weighed.carried_n17', 'cut.as_of_date'
        ) }} as carried_grade
    from weighed
    cross join cut
),

numbered as (
    select
        *,
        case
            when coalesce(stated_grade, 'missing') <> 'ok' and carried_grade = 'ok'
                then carried_number
            else stated_number
        end as number
    from graded
),

identified as (
    {{ person_identity('numbered') }}
),

final as (
    select
        'disability_register' as system_code,
        'disabled_person' as table_code,
        identified.record_no as source_key,
        'self' as role_code,
        identified.identity_number,
        identified.identity_kind_code,
        identified.identity_grade_code,
        identified.identity_anchor,
        {{ clean_text('identified.name') }} as name,
        sex.standard_code as sex_code,
        {{ division_in_force('division', 'identified.division_name', address='place') }}
            as division_code,
        {{ standard_address('place', 'identified.address') }} as address,
        {{ normalise_number('identified.phone') }} as phone,
        {{ normalise_number('identified.card_number') }} as card_number,
        {{ clean_text('identified.disability_kind_code') }} as disability_kind_code,
        {{ clean_text('identified.disability_grade_code') }} as disability_grade_code,
        identified.issued_date,
        identified.updated_at as source_at
    from identified
    {{- join_crosswalk('sex', 'sex', 'identified.sex_name') }}
    {{- join_division('division', 'identified.division_name') }}
    {{- join_address('place', 'identified.address') }}
)

select * from final
