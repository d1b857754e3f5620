-- Chains of versions. Versions that share type, issuer and serial are one chain in the order of
-- their numbers; a stated previous identifier leads where it names a known licence, also one of
-- another issuer or serial, which joins the chains. Where that version is missing, the link goes to
-- the one before it: of the stated chain, or of the same type, serial and holder under another
-- issuer. A link that would close a circle is not followed.
--
-- One version of a chain is the current one: of those without a successor the one issued last, then
-- the one of the highest version, then the one reported last.
{%- set rounds = 6 %}
with licence as (
    select * from {{ ref('int_licence__licence_record') }}
),

operation as (
    select * from {{ ref('int_licence__operation_replayed') }}
),

operated as (
    select
        licence_key,
        max_by(previous_identifier, place_no) filter (where previous_identifier is not null)
            as previous_identifier,
        coalesce(
            bool_or(
                is_possible
                and from_state_code = '00'
                and operation_code in ('02', '08', '09')
            ),
            false
        ) as is_successor,
        coalesce(bool_or(operation_code = '08'), false) as is_transferred_in
    from operation
    where licence_key is not null
    group by licence_key
),

identified as (
    select
        licence_identifier,
        min(licence_key) as licence_key
    from licence
    where licence_identifier is not null
    group by licence_identifier
    having count(*) = 1
),

anchored as (
    select
        licence.licence_key,
        licence.identity_anchor,
        coalesce(licence.chain_anchor, licence.identity_anchor) as anchor,
        licence.version_no,
        licence.issued_date,
        licence.valid_from,
        licence.source_at,
        coalesce(licence.previous_identifier, operated.previous_identifier)
            as stated_previous_identifier,
        licence.holder_name,
        licence.holder_code,
        case
            when licence.is_well_formed
                then
                    {{ licence_identifier_type_code('licence.licence_identifier') }} || '.'
                    || {{ licence_identifier_serial('licence.licence_identifier') }}
        end as type_and_serial,
        coalesce(operated.is_successor, false) as is_successor,
        coalesce(operated.is_transferred_in, false) as is_transferred_in,
        lag(licence.licence_key) over (
            partition by coalesce(licence.chain_anchor, licence.identity_anchor)
            order by licence.version_no, licence.licence_key
        ) as version_before_key,
        lag(licence.version_no) over (
            partition by coalesce(licence.chain_anchor, licence.identity_anchor)
            order by licence.version_no, licence.licence_key
        ) as version_before_no
    from licence
    left join operated
        on licence.licence_key = operated.licence_key
),

named as (
    select
        anchored.*,
        identified.licence_key as named_key,
        {{ licence_identifier_type_code('stated_previous_identifier') }} || '.'
        || {{ licence_identifier_issuer_code('stated_previous_identifier') }} || '.'
        || {{ licence_identifier_serial('stated_previous_identifier') }} as named_anchor,
        case
            when
                {{ matches_whole(
                    licence_identifier_version('stated_previous_identifier'), '[0-9]{3}'
                ) }}
                then cast(
                    {{ licence_identifier_version('stated_previous_identifier') }} as integer
                )
        end as named_version_no
    from anchored
    left join identified
        on anchored.stated_previous_identifier = identified.licence_identifier
),

missed as (
    select *
    from named
    where
        named_key is null
        and version_before_key is null
        and (stated_previous_identifier is not null or version_no > 1)
),

version_before as (
    select
        missed.licence_key,
        anchored.licence_key as before_key,
        anchored.version_no,
        missed.named_version_no - anchored.version_no as missing_count,
        2 as strength
    from missed
    inner join anchored
        on
            missed.named_anchor = anchored.anchor
            and missed.named_version_no > anchored.version_no
    union all
    select
        missed.licence_key,
        anchored.licence_key as before_key,
        anchored.version_no,
        missed.version_no - anchored.version_no - 1 as missing_count,
        1 as strength
    from missed
    inner join anchored
        on
            missed.type_and_serial = anchored.type_and_serial
            and missed.anchor <> anchored.anchor
            and missed.version_no > anchored.version_no
            and (
                missed.holder_code = anchored.holder_code
                or missed.holder_name = anchored.holder_name
            )
),

chosen as (
    select
        licence_key,
        max_by(before_key, strength * 1000 + version_no) as before_key,
        max_by(missing_count, strength * 1000 + version_no) as missing_count
    from version_before
    group by licence_key
),

stated as (
    select
        named.*,
        previous.licence_key as stated_key,
        previous.anchor as stated_anchor,
        previous.version_no as stated_version_no,
        chosen.missing_count
    from named
    left join chosen
        on named.licence_key = chosen.licence_key
    left join anchored as previous
        on coalesce(named.named_key, chosen.before_key) = previous.licence_key
),

-- Chains joined by a link from one to another, labelled by the least of their anchors.
joined as (
    select distinct
        anchor,
        stated_anchor as other_anchor
    from stated
    where anchor <> stated_anchor
),

{{ connected_anchors('joined', rounds=rounds) }},

-- Where the links of a joined chain lead after 2^{{ rounds }} steps: whoever is still led to
-- stands on a circle.
step_0 as (
    select
        stated.licence_key,
        coalesce(
            case
                when
                    stated.stated_key <> stated.licence_key
                    and (
                        stated.anchor <> stated.stated_anchor
                        or stated.stated_version_no < stated.version_no
                    )
                    then stated.stated_key
            end,
            stated.version_before_key
        ) as led_to_key
    from stated
    inner join connected
        on stated.anchor = connected.anchor
),
{% for round in range(1, rounds + 1) %}
step_{{ round }} as (
    select
        mine.licence_key,
        theirs.led_to_key
    from step_{{ round - 1 }} as mine
    left join step_{{ round - 1 }} as theirs
        on mine.led_to_key = theirs.licence_key
),
{% endfor %}
circle as (
    select distinct led_to_key as licence_key
    from step_{{ rounds }}
    where led_to_key is not null
),

linked as (
    select
        stated.*,
        coalesce(connected.label, stated.anchor) as chain_code,
        circle.licence_key is not null
        or coalesce(
            stated.stated_key = stated.licence_key
            or (
                stated.anchor = stated.stated_anchor
                and stated.stated_version_no >= stated.version_no
            ),
            false
        ) as is_on_circle,
        case
            when
                stated.anchor = stated.stated_anchor
                and stated.stated_version_no < stated.version_no
                then stated.stated_key
            when stated.anchor <> stated.stated_anchor and circle.licence_key is null
                then stated.stated_key
            else stated.version_before_key
        end as predecessor_key
    from stated
    left join connected
        on stated.anchor = connected.anchor
    left join circle
        on stated.licence_key = circle.licence_key
),

succeeded as (
    select
        predecessor_key as licence_key,
        count(*) as successor_count
    from linked
    where predecessor_key is not null
    group by predecessor_key
),

ranked as (
    select
        linked.*,
        coalesce(succeeded.successor_count, 0) as successor_count,
        row_number() over (
            partition by linked.chain_code
            order by
                case when succeeded.licence_key is null then 0 else 1 end,
                coalesce(linked.issued_date, linked.valid_from, date '1900-01-01') desc,
                coalesce(linked.version_no, 0) desc,
                linked.source_at desc,
                linked.identity_anchor desc
        ) as chain_rank
    from linked
    left join succeeded
        on linked.licence_key = succeeded.licence_key
),

-- Of two successors of one version the one ranked first is the successor.
successor as (
    select
        predecessor_key as licence_key,
        min_by(licence_key, chain_rank) as successor_key,
        min_by(coalesce(valid_from, date '1900-01-01'), chain_rank) as successor_from
    from ranked
    where predecessor_key is not null
    group by predecessor_key
),

current_version as (
    select
        chain_code,
        coalesce(valid_from, date '1900-01-01') as current_from
    from ranked
    where chain_rank = 1
),

-- A version that another chain leads to misses none; nor does one that was transferred in from a
-- city whose licences are not here.
settled as (
    select
        ranked.licence_key,
        ranked.chain_code,
        ranked.version_no,
        ranked.predecessor_key,
        successor.successor_key,
        ranked.stated_previous_identifier,
        cast(ranked.successor_count as integer) as successor_count,
        ranked.chain_rank = 1 as is_current_version,
        case
            when ranked.chain_rank > 1
                then least(
                    coalesce(successor.successor_from, current_version.current_from),
                    current_version.current_from
                )
        end as superseded_from,
        cast(case
            when ranked.missing_count is not null then ranked.missing_count
            when ranked.version_before_no is not null
                then greatest(ranked.version_no - ranked.version_before_no - 1, 0)
            when ranked.predecessor_key is null then coalesce(ranked.version_no - 1, 0)
            else 0
        end as integer) as missing_version_count,
        ranked.stated_previous_identifier is not null
        and ranked.named_key is null
        and not ranked.is_transferred_in as is_previous_unknown,
        ranked.stated_previous_identifier is null
        and (coalesce(ranked.version_no > 1, false) or ranked.is_successor) as is_previous_unstated,
        ranked.is_on_circle
    from ranked
    inner join current_version
        on ranked.chain_code = current_version.chain_code
    left join successor
        on ranked.licence_key = successor.licence_key
),

final as (
    select
        *,
        hash(settled) as _row_hash
    from settled
)

select * from final
