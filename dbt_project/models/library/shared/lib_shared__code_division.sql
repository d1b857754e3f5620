-- The dated division dimension: a code keeps its row after it is abolished, a renamed division has
-- one row per name. `valid_from`/`valid_to` are half-open; null is unbounded.
with division as (
    select * from {{ ref('code_division_national') }}
),

cut as (
    select * from {{ source('meta', 'cut') }}
),

final as (
    select
        division.division_code,
        division.division_name,
        division.level as level_code,
        substr(division.division_code, 1, 4) || '00' as prefecture_code,
        substr(division.division_code, 1, 2) || '0000' as province_code,
        division.valid_from,
        division.valid_to,
        (division.valid_from is null or division.valid_from <= cut.as_of_date)
        and (division.valid_to is null or division.valid_to > cut.as_of_date) as is_current
    from division
    cross join cut
)

select * from final
