{# What decides the state of a licence version on `as_of_date`: the first of these that applies. The
   stated state wins unless it is 01 (有效); then a newer version that has begun, the end of the holder,
   the dates. `valid_to` is the last valid day; null is 长期, unless it could not be read. #}
{% macro licence_reason() -%}
    case
        when stated_state_code is null then 'unstated'
        when stated_state_code <> '01' then 'stated'
        when successor_key is not null and coalesce(successor_valid_from <= as_of_date, true)
            then 'superseded'
        when has_ended_holder then 'holder_ended'
        when valid_to_grade_code = 'unreadable' then 'end_unreadable'
        when as_of_date < valid_from then 'not_yet_valid'
        when as_of_date > valid_to then 'expired'
        else 'valid'
    end
{%- endmacro %}

{# The state of B7's list that a reason means: what is not known to be valid is never 01. #}
{% macro licence_state() -%}
    case
        when computed_reason_code = 'stated' then stated_state_code
        when computed_reason_code = 'valid' then '01'
        when computed_reason_code in ('not_yet_valid', 'unstated', 'end_unreadable') then '99'
        else '05'
    end
{%- endmacro %}
