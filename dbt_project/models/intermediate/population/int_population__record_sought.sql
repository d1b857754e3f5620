-- The person behind each record without a usable number.
with record as (
    select * from {{ ref('int_population__record_placed') }}
),

identity as (
    select * from {{ ref('int_population__identity') }}
),

-- Whoever bears the number of a record that is not his has been refused already.
seeker as (
    select
        {{ compared_columns('record.') }},
        record.identity_number,
        record.bearer_household_no,
        bearer.identity as refused_target
    from record
    left join identity as bearer
        on record.identity_anchor = bearer.anchor
    where record.place_anchor is null and record.reading is not null
),

sought_reading as (
    select distinct reading from seeker
),

placed as (
    select
        {{ compared_columns('record.') }},
        record.household_no,
        identity.identity as target,
        case when record.identity_anchor is not null then record.identity_number end
            as identity_number
    from record
    inner join sought_reading
        on record.reading = sought_reading.reading
    inner join identity
        on record.place_anchor = identity.anchor
),

{{ search_persons() }},

final as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        target as candidate_identity,
        bits,
        next_bits,
        is_accepted
    from found
)

select * from final
