-- Where each record stands before anybody is searched for: `place_anchor` is a number, a permit, a
-- row of the police register or a second bearer of a number; null where the number is missing,
-- damaged or somebody else's.
with record as (
    select
        record.*,
        reading.reading
    from {{ ref('int_population__person_record') }} as record
    left join {{ ref('int_population__name_reading') }} as reading
        on record.name = reading.name
),

claim as (
    select * from {{ ref('int_population__number_claim') }}
),

judged as (
    select
        record.*,
        claim.bearer_reading,
        claim.bearer_household_no,
        claim.register_anchor as claim_register_anchor,
        record.system_code = 'household_register'
        and record.table_code = 'resident' as is_registered,
        case
            when record.identity_anchor is not null then coalesce(claim.verdict_code, 'own')
            when record.identity_grade_code = 'missing' then 'missing'
            else 'damaged'
        end as verdict_code
    from record
    left join claim
        on
            record.identity_anchor = claim.identity_anchor
            and record.reading = claim.reading
),

-- A row of the register stands at its number, or for itself when that is damaged or another's.
register_row as (
    select
        register_anchor,
        min(
            case
                when verdict_code in ('own', 'former_name', 'near_name') then identity_anchor
                else register_anchor
            end
        ) as place_anchor,
        min(reading) as reading
    from judged
    where is_registered
    group by register_anchor
),

placed as (
    select
        judged.*,
        case
            when register_row.place_anchor is not null then register_row.place_anchor
            when judged.verdict_code in ('own', 'former_name', 'near_name')
                then judged.identity_anchor
            when judged.verdict_code = 'second'
                then judged.identity_anchor || '#' || judged.reading
        end as place_anchor
    from judged
    left join register_row
        on
            coalesce(
                judged.register_anchor,
                case when judged.verdict_code = 'second' then judged.claim_register_anchor end
            ) = register_row.register_anchor
),

final as (
    select * exclude (claim_register_anchor)
    from placed
)

select * from final
