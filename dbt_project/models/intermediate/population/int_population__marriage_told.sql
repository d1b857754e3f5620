-- Registrations of marriage with both parties: one row per registration and party, each with the
-- other one. IA 结婚, IB 离婚; a certificate issued again (ICA, ICB) tells a state and no event.
with registration as (
    select * from {{ ref('stg_civil_registry__marriage_registration') }}
),

record as (
    select * from {{ ref('int_population__person_matched') }}
    where system_code = 'civil_registry' and table_code = 'marriage_registration'
),

party as (
    select
        record.person_key,
        registration.source_key,
        registration.role_code,
        registration.registration_type_code,
        registration.registered_date,
        registration.source_at
    from registration
    inner join record
        on
            registration.source_key = record.source_key
            and registration.role_code = record.role_code
),

final as (
    select
        party.person_key,
        other.person_key as other_person_key,
        'civil_registry' as system_code,
        'marriage_registration' as table_code,
        party.source_key,
        party.role_code,
        party.registration_type_code,
        party.registered_date,
        party.source_at
    from party
    left join party as other
        on
            party.source_key = other.source_key
            and party.role_code <> other.role_code
)

select * from final
