{#
    The state of a licence version on `as_of_date`, from what its issuer's directory states
    (`stated_state_code`), what the log of its operations leads to (`operation_state_code`, null
    without a log), a newer version, the holders, and the dates.
#}

{# What the issuer says, directory and log taken together. The log is silent without a possible
   operation (00). A directory that says 有效 does not hold against a log that does not; any other
   stated state holds unless the log is the newer of the two. #}
{% macro licence_standing_state() -%}
    case
        when coalesce(operation_state_code, '00') in ('00', '99') then stated_state_code
        when stated_state_code is null or stated_state_code = '01' then operation_state_code
        when is_operation_newer then operation_state_code
        else stated_state_code
    end
{%- endmacro %}

{# What decides: the first of these that applies. What the issuer says wins unless it is 01 (有效);
   then a newer version that has begun, the end of the holders (as the type of licence takes it,
   see `licence_holder_has_ended`), the dates. `valid_to` is the last valid day; null is 长期,
   unless it could not be read. #}
{% macro licence_reason() -%}
    case
        when {{ licence_standing_state() }} is null then 'unstated'
        when {{ licence_standing_state() }} <> '01' and {{ licence_standing_state() }} = stated_state_code
            then 'stated'
        when {{ licence_standing_state() }} = '02' then 'suspended'
        when {{ licence_standing_state() }} <> '01' then 'operated'
        when not is_current_version and coalesce(superseded_from <= as_of_date, true)
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
        when computed_reason_code = 'suspended' then '02'
        when computed_reason_code = 'operated' then operation_state_code
        when computed_reason_code = 'valid' then '01'
        when computed_reason_code in ('not_yet_valid', 'unstated', 'end_unreadable') then '99'
        else '05'
    end
{%- endmacro %}

{# Whether the end of holders ends the licence: `holder_end_code` of its type says how. A type nobody
   has described ends with its last holder. #}
{% macro licence_holder_has_ended() -%}
    case
        when holder_end_code = 'continues' then false
        when holder_end_code = 'ends' then ended_holder_count > 0
        else ended_holder_count > 0 and ended_holder_count = holder_count
    end
{%- endmacro %}
