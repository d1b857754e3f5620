-- 重户: people with more than one row in the police register. One of them is to be cancelled.
with record as (
    select * from {{ ref('int_population__person_matched') }}
    where system_code = 'household_register' and table_code = 'resident' and person_key is not null
),

counted as (
    select
        *,
        count(*) over (partition by person_key) as row_count
    from record
),

final as (
    select
        person_key,
        system_code,
        table_code,
        source_key,
        household_no,
        name,
        identity_number,
        division_code,
        is_dead,
        source_at
    from counted
    where row_count > 1
)

select * from final
