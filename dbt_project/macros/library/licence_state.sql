{# What decides the state of a licence version on `as_of_date`: the first of these that applies. The
   stated state wins unless it is 01 (有效); then a newer version, the end of the holder, the dates.
   `valid_to` is the last valid day; null is 长期. #}
{% macro licence_reason() -%}
    case
        when stated_state_code <> '01' then 'stated'
        when successor_key is not null then 'superseded'
        when has_ended_holder then 'holder_ended'
        when as_of_date < valid_from then 'not_yet_valid'
        when as_of_date > valid_to then 'expired'
        else 'valid'
    end
{%- endmacro %}

{# The state of B7's list that a reason means. #}
{% macro licence_state() -%}
    case computed_reason_code
        when 'stated' then stated_state_code
        when 'valid' then '01'
        when 'not_yet_valid' then '99'
        else '05'
    end
{%- endmacro %}
