-- The crosswalk USCC, organisation code, registration number. A USCC contains the organisation code
-- (characters 9 to 17), so that code is the common anchor; a record that gives no more than a
-- registration number takes the code that another record gives together with it. A number claimed
-- by two codes decides nothing.
with record as (
    select * from {{ ref('int_legal_entity__organisation_record') }}
),

registration as (
    select
        registration_number,
        min(organisation_code) as organisation_code
    from record
    where registration_number is not null and organisation_code is not null
    group by registration_number
    having min(organisation_code) = max(organisation_code)
),

final as (
    select
        record.*,
        coalesce(
            'organisation:' || coalesce(record.organisation_code, registration.organisation_code),
            'registration:' || record.registration_number,
            record.identity_anchor
        ) as resolved_anchor
    from record
    left join registration
        on record.registration_number = registration.registration_number
)

select * from final
