-- The search for the organisation behind a record whose codes do not lead to one that is known by
-- an organisation code. A name never decides by itself:
--
-- near_code    the credit code is one character off that of an organisation of the same name,
--              representative or telephone
-- same_facts   the same name in the same division, and the representative's number, the address or
--              the telephone besides
--
-- Records already known to be of one organisation seek together. The best candidate is taken when
-- nobody else has as much to show; a row of the same register is never one.
with record as (
    select
        record.*,
        identity.number_identity
    from {{ ref('int_legal_entity__record_placed') }} as record
    left join {{ ref('int_legal_entity__number_identity') }} as identity
        on coalesce(record.register_anchor, record.place_anchor) = identity.anchor
),

coded as (
    select number_identity
    from {{ ref('int_legal_entity__number_identity') }}
    group by number_identity
    having count(*) filter (where anchor like 'organisation:%') > 0
),

former_name as (
    select
        'source:enterprise_register.enterprise:' || enterprise_no as register_anchor,
        {{ organisation_name_key('value_before') }} as name_key
    from {{ ref('stg_enterprise_register__change') }}
    where item_code = '01' and value_before is not null
),

seeker as (
    select
        coalesce(
            record.number_identity,
            record.system_code || '.' || record.table_code || ':' || record.source_key
        ) as seeker,
        record.*
    from record
    left join coded
        on record.number_identity = coded.number_identity
    where coded.number_identity is null
),

-- A registration number that nothing else knows seeks, and is not found.
findable as (
    select number_identity
    from {{ ref('int_legal_entity__number_identity') }}
    group by number_identity
    having count(*) filter (where anchor not like 'registration:%') > 0
),

known_name as (
    select distinct
        record.number_identity,
        record.name_key
    from record
    inner join findable
        on record.number_identity = findable.number_identity
    union
    select
        record.number_identity,
        former_name.name_key
    from former_name
    inner join record
        on former_name.register_anchor = record.register_anchor
),

candidate as (
    select
        seeker.seeker,
        known_name.number_identity as candidate,
        1 as name_equal
    from seeker
    inner join known_name
        on seeker.name_key = known_name.name_key
    {%- for fact in ['representative_number', 'phone'] %}
    union all
    select
        seeker.seeker,
        record.number_identity as candidate,
        0 as name_equal
    from seeker
    inner join record
        on seeker.{{ fact }} = record.{{ fact }}
    where levenshtein(seeker.stated_uscc, record.uscc) = 1
    {%- endfor %}
),

named as (
    select
        seeker,
        candidate,
        max(name_equal) as name_equal
    from candidate
    where seeker <> candidate
    group by seeker, candidate
),

compared as (
    select
        named.seeker,
        named.candidate,
        max(named.name_equal) as name_equal,
        max(case when levenshtein(seeker.stated_uscc, record.uscc) = 1 then 1 else 0 end)
            as uscc_near,
        max(case when seeker.division_code = record.division_code then 1 else 0 end)
            as division_equal,
        max(case when seeker.representative_number = record.representative_number then 1 else 0 end)
            as representative_equal,
        max(case when seeker.address = record.address then 1 else 0 end) as address_equal,
        max(case when seeker.phone = record.phone then 1 else 0 end) as phone_equal,
        max(
            case
                when
                    seeker.register_anchor <> record.register_anchor
                    and seeker.system_code = record.system_code
                    and seeker.table_code = record.table_code then 1
                else 0
            end
        ) as is_beside_it
    from named
    inner join seeker
        on named.seeker = seeker.seeker
    inner join record
        on named.candidate = record.number_identity
    group by named.seeker, named.candidate
),

weighed as (
    select
        *,
        representative_equal + address_equal + phone_equal as fact_count,
        case
            when uscc_near = 1 and name_equal + representative_equal + phone_equal > 0
                then 'near_code'
            when
                name_equal = 1
                and division_equal = 1
                and representative_equal + address_equal + phone_equal > 0
                then 'same_facts'
        end as basis_code
    from compared
    where is_beside_it = 0
),

ranked as (
    select
        *,
        row_number() over (
            partition by seeker
            order by basis_code asc nulls last, name_equal desc, fact_count desc, candidate asc
        ) as place,
        lead(basis_code || name_equal || fact_count) over (
            partition by seeker
            order by basis_code asc nulls last, name_equal desc, fact_count desc, candidate asc
        ) as next_best
    from weighed
),

best as (
    select * from ranked
    where place = 1
),

final as (
    select
        seeker.system_code,
        seeker.table_code,
        seeker.source_key,
        seeker.number_identity,
        best.candidate,
        best.basis_code,
        cast(best.fact_count as integer) as fact_count,
        coalesce(
            best.basis_code is not null
            and best.next_best
            is distinct from best.basis_code || best.name_equal || best.fact_count,
            false
        ) as is_accepted
    from seeker
    inner join best
        on seeker.seeker = best.seeker
)

select * from final
