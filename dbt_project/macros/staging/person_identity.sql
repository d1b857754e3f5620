{#
    The identity of a person as one record writes it. `cte` has a column `number` from
    normalise_number; every column of it is kept, and these are added:

    identity_kind_code    resident | permit, null without a number
    identity_grade_code   the grade of GB 11643; for permits by shape (new permanent-resident cards
                          also by their check digit); `missing` without a number
    identity_number       the comparable form: 18 characters for residents, renewals left out for
                          home-return permits; as written when it fails its check
    identity_anchor       what the person is known by; null when the number fails
#}
{% macro person_identity(cte) %}
    select
        graded.* exclude (n17, permit_number, is_valid),
        case
            when identity_kind_code = 'permit' then permit_number
            when is_valid then {{ resident_number_18('number', 'n17') }}
            else number
        end as identity_number,
        case
            when identity_kind_code = 'permit' and is_valid then 'permit:' || permit_number
            when is_valid then 'resident:' || lpad(cast(n17 as varchar), 17, '0')
        end as identity_anchor
    from (
        select
            shaped.*,
            identity_grade_code in ('ok', 'area_unknown', 'area_historic') as is_valid
        from (
            select
                numbered.*,
                case
                    when numbered.number is null then null
                    when numbered.permit_number is not null then 'permit'
                    else 'resident'
                end as identity_kind_code,
                case
                    when numbered.number is null then 'missing'
                    when
                        numbered.permit_number is not null
                        and not {{ resident_number_is_permanent_resident('numbered.number', 'numbered.n17') }}
                        then 'ok'
                    else {{ resident_number_grade(
                        'numbered.number', 'numbered.n17', 'cut.as_of_date', 'division.is_in_force'
                    ) }}
                end as identity_grade_code
            from (
                select
                    *,
                    {{ resident_number_n17('number') }} as n17,
                    -- Eight digits that read as a day are a birthday in the wrong field, not a permit.
                    case
                        when not {{ matches_whole('number', birthday_pattern()) }}
                            then {{ permit_person_number('number') }}
                    end as permit_number
                from {{ cte }}
            ) as numbered
            cross join {{ source('meta', 'cut') }} as cut
            left join (
                {{ divisions_in_force(
                    ref('code_division_national'),
                    '(select as_of_date from ' ~ source('meta', 'cut') ~ ')'
                ) }}
            ) as division
                on {{ resident_number_area('numbered.n17') }} = division.area_code
        ) as shaped
    ) as graded
{% endmacro %}

{# YYYYMMDD of the last two centuries. #}
{% macro birthday_pattern() -%}
    (19|20)[0-9][0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])
{%- endmacro %}

{# The comparable form of a number another record refers to a person by (a holder, a representative):
   the same as identity_number above, without grading the area. #}
{% macro person_number(number) -%}
    coalesce(
        {{ permit_person_number(number) }},
        {{ resident_number_18(number, resident_number_n17(number)) }},
        {{ number }}
    )
{%- endmacro %}
