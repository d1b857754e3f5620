{#
    The search for the person behind records without a usable number: everybody whose name reads the same
    is weighed by what else agrees. Weights are bits (how many times likelier agreement is for the same
    person than for two), rows of the seed identity_evidence; namesakes count against. The best candidate
    is accepted when his bits suffice and nobody else comes near.

    `seeker` and `placed` are CTEs of records with what people are compared by; `placed.target` is who is
    proposed, `seeker.refused_target` who is out of the question. Grain of the result: one row per seeker
    with a candidate.
#}
{% macro search_persons() %}
weight as (
    select
        {% for code in identity_evidence_codes() -%}
        max(bits) filter (where evidence_code = '{{ code }}') as {{ code }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('identity_evidence') }}
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
        placed.target
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
        candidate.target,
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
        max(case when seeker.refused_target = placed.target then 1 else 0 end) as is_refused
    from candidate
    inner join seeker
        on
            candidate.system_code = seeker.system_code
            and candidate.table_code = seeker.table_code
            and candidate.source_key = seeker.source_key
            and candidate.role_code = seeker.role_code
    inner join placed
        on
            candidate.target = placed.target
            and seeker.reading = placed.reading
    group by
        candidate.system_code,
        candidate.table_code,
        candidate.source_key,
        candidate.role_code,
        candidate.target,
        seeker.reading
),

namesake as (
    select
        reading,
        cast(ceil(ln(count(distinct target)) / ln(2)) as integer) as bits
    from placed
    group by reading
),

weighed as (
    select
        compared.system_code,
        compared.table_code,
        compared.source_key,
        compared.role_code,
        compared.target,
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
    where compared.is_registered_twice = 0 and compared.is_refused = 0
),

ranked as (
    select
        *,
        row_number() over (
            partition by system_code, table_code, source_key, role_code
            order by bits desc, target
        ) as place,
        lead(bits) over (
            partition by system_code, table_code, source_key, role_code
            order by bits desc, target
        ) as next_bits
    from weighed
),

found as (
    select
        system_code,
        table_code,
        source_key,
        role_code,
        target,
        bits,
        next_bits,
        bits >= accepted_from and coalesce(bits - next_bits >= margin, true) as is_accepted
    from ranked
    where place = 1
)
{% endmacro %}

{# What people are compared by. #}
{% macro compared_columns(prefix='') -%}
    {%- for column in [
        'system_code', 'table_code', 'source_key', 'role_code', 'reading', 'name', 'birth_date', 'sex_code',
        'phone', 'address', 'division_code', 'identity_anchor', 'is_registered',
    ] -%}
        {{ prefix }}{{ column }}{{ ',
        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
