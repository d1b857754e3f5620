-- The number of each row of the register whose own is damaged or somebody else's: others know the
-- person by it.
with record as (
    select * from {{ ref('int_population__record_placed') }}
),

seeker as (
    select
        {{ compared_columns() }},
        identity_number,
        bearer_household_no,
        place_anchor as refused_target
    from record
    where is_registered and place_anchor = register_anchor and reading is not null
),

sought_reading as (
    select distinct reading from seeker
),

placed as (
    select
        {{ compared_columns('record.') }},
        record.household_no,
        record.place_anchor as target,
        case when record.identity_anchor is not null then record.identity_number end
            as identity_number
    from record
    inner join sought_reading
        on record.reading = sought_reading.reading
    where record.place_anchor is not null
),

{{ search_persons() }},

final as (
    select
        source_key,
        target as candidate_anchor,
        bits,
        next_bits,
        is_accepted
    from found
)

select * from final
