-- Each operation on record, the licence it is about, and its place in that licence's log. What
-- cannot have a place says why: it is shown, and not replayed.
with operation as (
    select * from {{ ref('stg_e_licence__operation') }}
),

record as (
    select * from {{ ref('int_licence__record_keyed') }}
),

licence as (
    select * from {{ ref('int_licence__licence_record') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

identified as (
    select
        licence_identifier,
        min(licence_key) as licence_key
    from licence
    where is_well_formed
    group by licence_identifier
),

-- The record an operation names leads; the identifier only where the record is not known.
keyed as (
    select
        coalesce(record.licence_key, identified.licence_key) as licence_key,
        operation.*,
        cut.as_of_date
    from operation
    cross join cut
    left join record
        on
            operation.system_code = record.system_code
            and operation.licence_source_key = record.source_key
    left join identified
        on operation.licence_identifier = identified.licence_identifier
),

repeated as (
    select
        *,
        row_number() over (
            partition by licence_key, operation_code, operated_at
            order by system_code, source_key
        ) > 1 as is_repeated
    from keyed
),

graded as (
    select
        *,
        case
            when licence_key is null then 'licence_unknown'
            when operation_code is null then 'operation_unknown'
            when operated_at is null then 'time_missing'
            when cast(operated_at as date) > as_of_date then 'in_the_future'
            when is_repeated then 'repeated'
            else 'placed'
        end as place_grade_code
    from repeated
),

-- Written down in one second: what begins a licence comes first.
final as (
    select
        * exclude (as_of_date, is_repeated),
        case
            when place_grade_code = 'placed'
                then row_number() over (
                    partition by licence_key, place_grade_code
                    order by
                        operated_at,
                        case when operation_code in ('01', '08') then 0 else 1 end,
                        source_key
                )
        end as place_no
    from graded
)

select * from final
