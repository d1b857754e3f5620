{# The matrix has no hole: each county of the registry with each department of the city. A failing
   row is a pair that is missing. #}
{% test every_pair_is_there(model) %}
    select
        county.division_code,
        department.department_code
    from (
        select distinct division_code
        from {{ ref('lib_shared__entity_department') }}
        where level_code = 'county'
    ) as county
    cross join {{ ref('lib_shared__entity_department') }} as department
    left join {{ model }} as matrix
        on
            county.division_code = matrix.division_code
            and department.department_code = matrix.department_code
    where department.level_code = 'city' and matrix.division_code is null
{% endtest %}
