with industry as (
    select * from {{ ref('code_industry_8_3') }}
),

final as (
    select
        industry_division_code,
        industry_division_name,
        section_code,
        theme_code,
        theme_name,
        theme_group_code,
        theme_group_name,
        source_mark,
        source,
        noted_date
    from industry
)

select * from final
