-- Every record with the identity it speaks of, and how that was found: by a number, by the register
-- or by a search; null where nothing decides, for a steward to look at.
with record as (
    select * from {{ ref('int_population__record_placed') }}
),

sought as (
    select * from {{ ref('int_population__record_sought') }}
),

identity as (
    select * from {{ ref('int_population__identity') }}
),

found as (
    select
        record.*,
        sought.candidate_identity,
        sought.bits as candidate_bits,
        case
            when record.place_anchor is not null then identity.identity
            when sought.is_accepted then sought.candidate_identity
        end as identity,
        case
            when record.place_anchor = record.identity_anchor then record.verdict_code
            when record.place_anchor is not null and record.verdict_code = 'second' then 'second'
            when record.place_anchor is not null then 'register'
            when sought.is_accepted then 'search'
            else 'none'
        end as basis_code
    from record
    left join identity
        on record.place_anchor = identity.anchor
    left join sought
        on
            record.system_code = sought.system_code
            and record.table_code = sought.table_code
            and record.source_key = sought.source_key
            and record.role_code = sought.role_code
),

-- A number that is somebody else's places nobody and is nobody's attribute here either: a row of
-- the register keeps its person, and his number is what the others say.
final as (
    select
        * exclude (place_anchor, is_registered, bearer_household_no, resident_number),
        case
            when verdict_code in ('own', 'former_name', 'near_name', 'second') then resident_number
        end as resident_number
    from found
)

select * from final
