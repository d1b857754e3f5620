{#
    The replay of operation logs over the transitions of the seed code_licence_transition.

    A log is a text: the two-digit codes of one licence's operations, in order. An operation that is
    not possible from the state before leaves the state as it is. So the effect of an operation is a
    map from state to state; written as a text of one character per state it can be joined to
    another by looking characters up. Joining each effect with that of 1, 2, 4, … places before
    (`lag`) gives after n rounds the joint effect of the last 2^n operations: no recursion, any
    transition table, and only once per distinct log. Operations past `most_operations` of one log
    are not replayed.
#}

{# The states a log leads through: 00 is before any operation, then the states of B7. The place in
   this list is the state's character in an effect. #}
{% macro licence_log_states() %}
    {{ return(['00', '01', '02', '03', '04', '05', '06', '07', '99']) }}
{% endmacro %}

{# How many operations of one log are replayed. #}
{% macro most_operations() %}{{ return(256) }}{% endmacro %}

{# `relation` has a column `log`. Grain of the result: one row per distinct log and place:
   log, place_no (from 1), operation_code, from_state_code, to_state_code, is_possible. #}
{% macro licence_replay(relation, transition) %}
    {%- set states = licence_log_states() %}
    {%- set unchanged = range(1, states | length + 1) | join('') %}
    with effect as (
        select
            operation_code,
            {% for state in states -%}
            coalesce(
                max({{ _state_character('to_state_code') }}) filter (
                    where from_state_code = '{{ state }}'
                ),
                '{{ loop.index }}'
            ){{ ' || ' if not loop.last }}
            {%- endfor %} as effect
        from {{ transition }}
        group by operation_code
    ),

    joint_0 as (
        select
            log.log,
            place.place_no,
            substr(log.log, 2 * place.place_no - 1, 2) as operation_code,
            coalesce(effect.effect, '{{ unchanged }}') as effect
        from (select distinct log from {{ relation }}) as log
        inner join {{ places(most_operations()) }}
            on 2 * place.place_no <= length(log.log)
        left join effect
            on substr(log.log, 2 * place.place_no - 1, 2) = effect.operation_code
    ),

    {% set joint = namespace(round=0) %}
    {%- for round in range(1, 17) if 2 ** (round - 1) < most_operations() %}
    {%- set joint.round = round %}
    joint_{{ round }} as (
        select
            log,
            place_no,
            operation_code,
            {% for state in states -%}
            substr(effect, cast(substr(effect_before, {{ loop.index }}, 1) as int), 1)
            {{- ' || ' if not loop.last }}
            {%- endfor %} as effect
        from (
            select
                *,
                lag(effect, {{ 2 ** (round - 1) }}, '{{ unchanged }}') over (
                    partition by log
                    order by place_no
                ) as effect_before
            from joint_{{ round - 1 }}
        ) as pair
    ),

    {% endfor -%}
    walked as (
        select
            log,
            place_no,
            operation_code,
            {{ _character_state("substr(effect, 1, 1)") }} as to_state_code,
            {{ _character_state(
                "substr(lag(effect, 1, '" ~ unchanged ~ "') over (partition by log order by place_no), 1, 1)"
            ) }} as from_state_code
        from joint_{{ joint.round }}
    )

    select
        walked.log,
        walked.place_no,
        walked.operation_code,
        walked.from_state_code,
        walked.to_state_code,
        transition.to_state_code is not null as is_possible
    from walked
    left join {{ transition }} as transition
        on
            walked.from_state_code = transition.from_state_code
            and walked.operation_code = transition.operation_code
{% endmacro %}

{% macro _state_character(code) -%}
    case {{ code }}
        {%- for state in licence_log_states() %} when '{{ state }}' then '{{ loop.index }}'{% endfor %} end
{%- endmacro %}

{% macro _character_state(character) -%}
    case {{ character }}
        {%- for state in licence_log_states() %} when '{{ loop.index }}' then '{{ state }}'{% endfor %} end
{%- endmacro %}

{# Why an operation is not possible from the state before: what a steward reads first. #}
{% macro transition_reason() -%}
    case
        when operation_code = '01' then 'issued_before'
        when from_state_code = '00' then 'never_issued'
        when operation_code = '06' then 'not_suspended'
        when operation_code = '03' and from_state_code = '02' then 'suspended_before'
        when operation_code = '10' then 'not_transferred_out'
        when from_state_code in ('03', '04', '05', '07') then 'after_the_end'
        else 'not_from_this_state'
    end
{%- endmacro %}
