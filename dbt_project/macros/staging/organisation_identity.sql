{#
    The identity of an organisation as one record writes it. `cte` has normalised columns
    `uscc_number`, `organisation_number` and `registration_no`; every other column is kept, and these
    are added:

    uscc, organisation_code, registration_number   only when they pass their checks (GB 32100,
                          GB 11714, GS 15); a USCC gives its organisation code
    identity_grade_code   the grade of the strongest number written, `missing` without any
    stated_uscc, stated_organisation_code         as written (normalised), right or wrong: what a
                          search for a mistyped code and a comparison of the two codes need
#}
{% macro organisation_identity(cte) %}
    select
        graded.* exclude (
            uscc_number, organisation_number, registration_no,
            uscc_grade_code, organisation_grade_code, registration_grade_code
        ),
        uscc_number as stated_uscc,
        organisation_number as stated_organisation_code,
        case when uscc_grade_code = 'ok' then uscc_number end as uscc,
        case
            when uscc_grade_code = 'ok' then {{ uscc_organisation_code('uscc_number') }}
            when organisation_grade_code = 'ok' then organisation_number
        end as organisation_code,
        case
            when registration_grade_code in ('ok', 'unchecked') then registration_no
        end as registration_number,
        case
            when 'ok' in (uscc_grade_code, organisation_grade_code, registration_grade_code)
                then 'ok'
            else coalesce(
                uscc_grade_code, organisation_grade_code, registration_grade_code, 'missing'
            )
        end as identity_grade_code
    from (
        select
            *,
            {{ uscc_grade('uscc_number') }} as uscc_grade_code,
            {{ organisation_code_grade('organisation_number') }} as organisation_grade_code,
            {{ registration_number_grade('registration_no') }} as registration_grade_code
        from {{ cte }}
    ) as graded
{% endmacro %}

{#
    The code by which a record refers to an organisation (a holder, an issuer), as kind and number of
    lib_legal_entity__link_entity_identifier: a USCC by the organisation code inside it, so that
    an organisation known by its old code is found too. Null when the number fails its checks.
#}
{% macro organisation_reference_kind(number) -%}
    case
        when {{ uscc_is_valid(number) }} then 'organisation'
        when {{ organisation_code_is_valid(number) }} then 'organisation'
        when {{ registration_number_is_valid(number) }} then 'registration'
    end
{%- endmacro %}

{% macro organisation_reference_number(number) -%}
    case
        when {{ uscc_is_valid(number) }} then {{ uscc_organisation_code(number) }}
        when {{ organisation_code_is_valid(number) }} then {{ number }}
        when {{ registration_number_is_valid(number) }} then {{ number }}
    end
{%- endmacro %}
