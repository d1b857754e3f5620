-- The search for the person behind a record without a usable number: everybody whose name reads the
-- same is weighed by what else agrees. Weights are bits (how many times likelier agreement is for
-- the same person than for two), rows of the seed identity_evidence; namesakes count against. The
-- best candidate is taken when his bits suffice and nobody else comes near.
with record as (
    select * from {{ ref('int_population__record_placed') }}
),

weight as (
    select
        {% for code in identity_evidence_codes() -%}
        max(bits) filter (where evidence_code = '{{ code }}') as {{ code }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('identity_evidence') }}
),

-- A row of the register that does not stand at a number seeks one as well.
seeker as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        reading,
        name,
        birth_date,
        sex_code,
        phone,
        address,
        division_code,
        identity_number,
        identity_anchor,
        bearer_household_no,
        is_registered,
        place_anchor as own_place_anchor
    from record
    where
        reading is not null
        and (place_anchor is null or (is_registered and place_anchor = register_anchor))
),

sought_reading as (
    select distinct reading from seeker
),

placed as (
    select
        record.place_anchor,
        record.reading,
        record.name,
        record.birth_date,
        record.sex_code,
        record.phone,
        record.address,
        record.division_code,
        record.household_no,
        record.identity_anchor,
        record.is_registered,
        case when record.identity_anchor is not null then record.identity_number end as identity_number
    from record
    inner join sought_reading
        on record.reading = sought_reading.reading
    where record.place_anchor is not null
),

candidate as (
    {% for key in [
        'seeker.birth_date = placed.birth_date',
        'seeker.phone = placed.phone',
        'seeker.address = placed.address',
        'seeker.identity_anchor = placed.identity_anchor',
        'seeker.bearer_household_no = placed.household_no',
        'substr(seeker.identity_number, 1, 8) = substr(placed.identity_number, 1, 8)',
        'substr(seeker.identity_number, length(seeker.identity_number) - 7)'
        ~ ' = substr(placed.identity_number, length(placed.identity_number) - 7)',
    ] %}
    select
        seeker.system_code,
        seeker.table_code,
        seeker.source_key,
        seeker.role_code,
        placed.place_anchor
    from seeker
    inner join placed
        on
            seeker.reading = placed.reading
            and {{ key }}
    {{ 'union' if not loop.last }}
    {% endfor %}
),

compared as (
    select
        candidate.system_code,
        candidate.table_code,
        candidate.source_key,
        candidate.role_code,
        candidate.place_anchor,
        seeker.reading,
        max(case when seeker.name = placed.name then 1 else 0 end) as name_equal,
        max(case when seeker.birth_date = placed.birth_date then 1 else 0 end) as birth_equal,
        max(
            case when {{ is_swapped_date('seeker.birth_date', 'placed.birth_date') }} then 1 else 0 end
        ) as birth_swapped,
        max(case when seeker.birth_date <> placed.birth_date then 1 else 0 end) as birth_other,
        max(case when seeker.sex_code <> placed.sex_code then 1 else 0 end) as sex_other,
        max(case when seeker.phone = placed.phone then 1 else 0 end) as phone_equal,
        max(case when seeker.address = placed.address then 1 else 0 end) as address_equal,
        max(case when seeker.bearer_household_no = placed.household_no then 1 else 0 end)
            as household_equal,
        max(case when seeker.division_code = placed.division_code then 1 else 0 end)
            as division_equal,
        max(case when seeker.division_code <> placed.division_code then 1 else 0 end)
            as division_other,
        max(case when seeker.identity_anchor = placed.identity_anchor then 1 else 0 end)
            as number_equal,
        max(
            case
                when seeker.identity_anchor is null
                    and length(seeker.identity_number) = length(placed.identity_number)
                    and levenshtein(seeker.identity_number, placed.identity_number) <= 2 then 1
                else 0
            end
        ) as number_near,
        max(case when seeker.is_registered and placed.is_registered then 1 else 0 end)
            as is_registered_twice,
        max(case when seeker.own_place_anchor = placed.place_anchor then 1 else 0 end) as is_itself
    from candidate
    inner join seeker
        on
            candidate.system_code = seeker.system_code
            and candidate.table_code = seeker.table_code
            and candidate.source_key = seeker.source_key
            and candidate.role_code = seeker.role_code
    inner join placed
        on
            candidate.place_anchor = placed.place_anchor
            and seeker.reading = placed.reading
    -- the bearer of the number has been refused already
    where seeker.identity_anchor is null or candidate.place_anchor <> seeker.identity_anchor
    group by
        candidate.system_code,
        candidate.table_code,
        candidate.source_key,
        candidate.role_code,
        candidate.place_anchor,
        seeker.reading
),

namesake as (
    select
        reading,
        cast(ceil(ln(count(distinct place_anchor)) / ln(2)) as integer) as bits
    from placed
    group by reading
),

weighed as (
    select
        compared.system_code,
        compared.table_code,
        compared.source_key,
        compared.role_code,
        compared.place_anchor,
        weight.prior
        - namesake.bits
        + compared.name_equal * weight.name_equal
        + compared.birth_equal * weight.birth_equal
        + (1 - compared.birth_equal) * compared.birth_swapped * weight.birth_swapped
        + (1 - greatest(compared.birth_equal, compared.birth_swapped)) * compared.birth_other
        * weight.birth_other
        + compared.sex_other * weight.sex_other
        + compared.phone_equal * weight.phone_equal
        + compared.address_equal * weight.address_equal
        + compared.household_equal * weight.household_equal
        + compared.division_equal * weight.division_equal
        + (1 - compared.division_equal) * compared.division_other * weight.division_other
        + compared.number_equal * weight.number_equal
        + compared.number_near * weight.number_near as bits,
        weight.accepted_from,
        weight.margin
    from compared
    inner join namesake
        on compared.reading = namesake.reading
    cross join weight
    where compared.is_registered_twice = 0 and compared.is_itself = 0
),

ranked as (
    select
        *,
        row_number() over (
            partition by system_code, table_code, source_key, role_code
            order by bits desc, place_anchor
        ) as place,
        lead(bits) over (
            partition by system_code, table_code, source_key, role_code
            order by bits desc, place_anchor
        ) as next_bits
    from weighed
),

final as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        place_anchor as candidate_anchor,
        bits,
        next_bits,
        bits >= accepted_from and coalesce(bits - next_bits >= margin, true) as is_accepted
    from ranked
    where place = 1
)

select * from final
